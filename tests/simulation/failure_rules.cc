#include "tests/simulation/failure_rules.h"

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {
namespace {

// At most one login because of a dead refresh token in 10 s; a status tells whole nanoseconds.
constexpr absl::Duration kDeadLoginWindow = absl::Microseconds(9'999'999);

}  // namespace

void FailureRules::AfterStep(const std::vector<Call*>& open) {
  CheckShared(open);
  CheckDeadLogins();
}

// An exchange has failed: all who waited for it know, and nothing is tried again in their stead.
void FailureRules::CheckShared(const std::vector<Call*>& open) {
  const auto& answer = ledger_.step.answer;
  if (!answer.has_value() || !answer->exchange || answer->status.ok()) return;
  const AccountModel& model = ledger_.account(answer->account);
  const bool dead = ReasonOf(answer->status) == Reason::kRefreshTokenDead;
  bool queued = false;
  for (const Call* call : open) {
    if (call->account != answer->account || !call->begun || call->watching) continue;
    if (call->kind == CallKind::kLogin && call->wants_own_login()) {
      queued = true;
    } else if (call->kind != CallKind::kLogout &&
               !(model.exchanging() && (dead || answer->discarded))) {
      ledger_.Violate(Invariant::kSharedFailure,
                      absl::StrCat(NameOfCall(*call), " was not told that its exchange failed"));
    }
  }
  if (ledger_.step.exchanges[answer->account] > (dead || queued ? 1 : 0)) {
    ledger_.Violate(Invariant::kSharedFailure,
                    absl::StrCat("upstream is asked again for ", NameOfAccount(answer->account),
                                 " as soon as an exchange has failed"));
  }
}

void FailureRules::CheckDeadLogins() {
  for (const size_t account : ledger_.setting.accounts) {
    if (!ledger_.step.dead_login[account]) continue;
    AccountModel& model = ledger_.account(account);
    ledger_.coverage.Note(Landmark::kLoginAfterDead);
    if (model.dead_login_session == model.session) continue;  // The same, once more.
    if (model.exchange_since - model.dead_login_at < kDeadLoginWindow) {
      ledger_.Violate(Invariant::kSharedFailure,
                      absl::StrCat("a second login of ", NameOfAccount(account), " within ",
                                   absl::FormatDuration(model.exchange_since - model.dead_login_at),
                                   " because its refresh token was dead"));
    }
    model.dead_login_at = model.exchange_since;
    model.dead_login_session = model.session;
  }
}

}  // namespace credbroker::simulation
