#ifndef CREDBROKER_TESTS_SIMULATION_SHRINK_H_
#define CREDBROKER_TESTS_SIMULATION_SHRINK_H_

#include "absl/functional/function_ref.h"

#include "tests/simulation/schedule.h"

namespace credbroker::simulation {

// A schedule as short and as plain as can be of which `fails` still holds: actions are taken away,
// arguments become 0, and what is left open (orders, latencies, jitter) becomes plain. `schedule`
// must fail.
Schedule Shrink(Schedule schedule, absl::FunctionRef<bool(const Schedule&)> fails);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_SHRINK_H_
