#include "tests/simulation/waiting_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {

void WaitingRules::AfterStep(const std::vector<Call*>& open, bool idle) {
  if (idle) CheckFresh(open);
  for (const Call* call : open) {
    if (!call->begun) continue;
    if (call->cancel_task.has_value() && ledger_.loop.ran() >= *call->cancel_task) {
      ledger_.Violate(Invariant::kAnsweredOnce,
                      absl::StrCat(NameOfCall(*call), " goes on although it was cancelled"));
    }
    if (call->watching) {
      CheckWatch(*call);
    } else {
      Check(*call, idle);
    }
  }
}

void WaitingRules::Check(const Call& call, bool idle) {
  if (call.kind != CallKind::kLogout && ledger_.LoggedOutNow(call.account)) {
    ledger_.Violate(Invariant::kAnsweredOnce,
                    absl::StrCat(NameOfCall(call), " is forgotten by a logout"));
  }
  if (!HasCause(call)) {
    ledger_.Violate(Invariant::kAnsweredOnce, absl::StrCat(NameOfCall(call), " waits for nothing"));
  }
  if (WouldDo(call)) {
    ledger_.Violate(Invariant::kWaitsBesideToken,
                    absl::StrCat(NameOfCall(call), " waits although token ",
                                 ledger_.TokenOf(call.account), " is live"));
  }
  const Instant patience = call.kind == CallKind::kLogout
                               ? call.begun_at + ledger_.setting.request_timeout
                               : Instant::InfiniteFuture();
  if (idle && (ledger_.now() >= call.options.deadline || ledger_.now() >= patience)) {
    ledger_.Violate(Invariant::kAnsweredOnce,
                    absl::StrCat(NameOfCall(call), " waits past its deadline"));
  }
}

// However short-lived a token is, nobody need renew it within this time.
constexpr absl::Duration kShortestDelay = absl::Milliseconds(500);

// A session that somebody uses does not end because nobody has renewed it in time.
void WaitingRules::CheckFresh(const std::vector<Call*>& open) {
  for (const size_t account : ledger_.setting.accounts) {
    const AccountModel& model = ledger_.account(account);
    const int token = ledger_.TokenOf(account);
    if (token < 0 || model.state != SessionState::kLive || ledger_.session(model.session).dead ||
        ledger_.now() < ledger_.LiveUntil(token) ||
        ledger_.now() < ledger_.truth.token(token).sent + kShortestDelay) {
      continue;
    }
    const bool watched = std::any_of(open.begin(), open.end(), [&](const Call* call) {
      return call->watching && call->account == account;
    });
    if (watched || ledger_.now() < model.last_used + ledger_.setting.idle_timeout) {
      ledger_.Violate(Invariant::kKept,
                      absl::StrCat("token ", token, " of ", NameOfAccount(account),
                                   " has ended and nobody renews it"));
    }
    ledger_.coverage.Note(Landmark::kIdle);
  }
}

// Whether the token that is served is what the call asks for.
bool WaitingRules::WouldDo(const Call& call) const {
  const int token = ledger_.TokenOf(call.account);
  if (token < 0 || ledger_.now() >= ledger_.LiveUntil(token) ||
      !ledger_.MayUse(call.account, call.options)) {
    return false;
  }
  switch (call.kind) {
    case CallKind::kGetToken:
      return ledger_.EndOf(token) - ledger_.now() >= call.min_remaining;
    case CallKind::kLogin:
      return !call.wants_own_login();
    case CallKind::kWatch:
      return true;
    case CallKind::kRefresh:
      return call.if_generation.has_value() &&
             *call.if_generation != ledger_.account(call.account).generation;
    default:
      return false;
  }
}

// Whether something is under way that will answer the call.
bool WaitingRules::HasCause(const Call& call) {
  const AccountModel& model = ledger_.account(call.account);
  if (model.exchange != 0) return true;
  if (call.kind != CallKind::kLogout) return model.exchanging();
  for (int i = 0; i < ledger_.truth.sessions(); ++i) {
    const SessionRecord& session = ledger_.session(i);
    if (ledger_.truth.session(i).account == call.account && session.known &&
        session.retired.has_value() && !session.ended) {
      return true;
    }
  }
  return false;
}

void WaitingRules::CheckWatch(const Call& call) {
  const AccountModel& model = ledger_.account(call.account);
  if (model.session < 0) {
    ledger_.Violate(Invariant::kWatch,
                    absl::StrCat(NameOfCall(call), " goes on although its session has ended"));
  } else if (call.last_generation != model.generation) {
    ledger_.Violate(Invariant::kWatch,
                    absl::StrCat(NameOfCall(call), " missed generation ", model.generation));
  }
}

}  // namespace credbroker::simulation
