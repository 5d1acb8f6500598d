#ifndef CREDBROKER_TESTS_SIMULATION_SESSION_RULES_H_
#define CREDBROKER_TESTS_SIMULATION_SESSION_RULES_H_

#include <vector>

#include "tests/simulation/ledger.h"

namespace credbroker::simulation {

// What must hold of the sessions that the broker has: generations grow by one with each token, and
// a session comes and goes for a reason only. Keeps the ledger's accounts up to date.
class SessionRules {
 public:
  explicit SessionRules(Ledger& ledger) : ledger_(ledger) {}

  // `rows`: of all accounts, in the order of their keys.
  void AfterStep(const std::vector<SessionRow>& rows, const std::vector<Call*>& open);

 private:
  void Compare(size_t account, const SessionRow* row, const std::vector<Call*>& open);
  void CheckHold(size_t account, const SessionRow& row);
  void NotePublished(size_t account, uint64_t generation);
  void NoteUnpublished(size_t account);
  void NoteGone(size_t account, const std::vector<Call*>& open);

  Ledger& ledger_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_SESSION_RULES_H_
