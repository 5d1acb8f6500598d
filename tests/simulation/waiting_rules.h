#ifndef CREDBROKER_TESTS_SIMULATION_WAITING_RULES_H_
#define CREDBROKER_TESTS_SIMULATION_WAITING_RULES_H_

#include <vector>

#include "tests/simulation/ledger.h"

namespace credbroker::simulation {

// What must hold of the calls that wait: for something that is under way, not beside a token that
// would do, and not past their time.
class WaitingRules {
 public:
  explicit WaitingRules(Ledger& ledger) : ledger_(ledger) {}

  // `open`: the calls that have not ended. `idle`: nothing is left to do at this moment.
  void AfterStep(const std::vector<Call*>& open, bool idle);

 private:
  void CheckFresh(const std::vector<Call*>& open);
  void Check(const Call& call, bool idle);
  void CheckWatch(const Call& call);
  bool WouldDo(const Call& call) const;
  bool HasCause(const Call& call);

  Ledger& ledger_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_WAITING_RULES_H_
