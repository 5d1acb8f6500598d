#ifndef CREDBROKER_TESTS_SIMULATION_FAILURE_RULES_H_
#define CREDBROKER_TESTS_SIMULATION_FAILURE_RULES_H_

#include <vector>

#include "tests/simulation/ledger.h"

namespace credbroker::simulation {

// What must hold when an exchange has failed: one failure for all, and no hurry to fail again.
class FailureRules {
 public:
  explicit FailureRules(Ledger& ledger) : ledger_(ledger) {}

  void AfterStep(const std::vector<Call*>& open);

 private:
  void CheckShared(const std::vector<Call*>& open);
  void CheckDeadLogins();

  Ledger& ledger_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_FAILURE_RULES_H_
