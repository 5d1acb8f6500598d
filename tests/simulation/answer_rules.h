#ifndef CREDBROKER_TESTS_SIMULATION_ANSWER_RULES_H_
#define CREDBROKER_TESTS_SIMULATION_ANSWER_RULES_H_

#include <vector>

#include "tests/simulation/ledger.h"

namespace credbroker::simulation {

// What must hold between the broker and its callers: what they are handed, and what they are told.
class AnswerRules {
 public:
  explicit AnswerRules(Ledger& ledger) : ledger_(ledger) {}

  // As it happens: time matters.
  void OnToken(Call& call, const Session& session);
  void OnEnd(Call& call, const absl::Status& status, std::optional<RevokedReason> revoked,
             bool confirmed);
  // A reader looked for a token of at least `min_remaining`.
  void OnPeek(const Call& call, const Session* session);

  // Once the ledger's accounts are up to date.
  void AfterStep();

 private:
  void CheckHandOut(const Step::HandOut& hand_out);
  void CheckNew(const Step::HandOut& hand_out);
  void CheckEnd(const Step::End& end);
  void CheckStatus(const Call& call, const absl::Status& status);
  void CheckReason(const Call& call, Reason reason, std::optional<absl::Duration> retry_after);
  void CheckFull(const Call& call);
  void CheckRevoked(const Call& call, RevokedReason reason);
  void CheckConfirmed(const Call& call);

  Ledger& ledger_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_ANSWER_RULES_H_
