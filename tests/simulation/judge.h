#ifndef CREDBROKER_TESTS_SIMULATION_JUDGE_H_
#define CREDBROKER_TESTS_SIMULATION_JUDGE_H_

#include "tests/simulation/request.h"
#include "tests/simulation/truth.h"

namespace credbroker::simulation {

// Lets the request take effect on what upstream holds, under its fault, and decides what its answer
// will be.
void Judge(Truth& truth, Request& request);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_JUDGE_H_
