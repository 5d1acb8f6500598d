#include "tests/simulation/answer_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {
namespace {

constexpr absl::Duration kRevocationPatience = absl::Hours(7 * 24);

std::string NameOfHandOut(const Step::HandOut& hand_out) {
  return absl::StrCat(NameOfCall(*hand_out.call), " gets token ", hand_out.token, ", generation ",
                      hand_out.generation);
}

absl::string_view NameOf(RevokedReason reason) {
  constexpr std::array<absl::string_view, 4> kNames = {"LOGGED_OUT", "CREDENTIAL_REJECTED",
                                                       "ACCOUNT_FORBIDDEN", "TENANT_REMOVED"};
  return kNames[static_cast<size_t>(reason)];
}

bool ForCallers(Reason reason) {
  constexpr std::array kReasons = {
      Reason::kCallerNotAllowed,   Reason::kCredentialRejected, Reason::kAccountForbidden,
      Reason::kCredentialHeldBack, Reason::kUpstreamUntrusted,  Reason::kUpstreamUnavailable,
      Reason::kUpstreamMalformed,  Reason::kLoginRequired,      Reason::kLifetimeUnattainable,
      Reason::kOverloaded,
  };
  return std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end();
}

}  // namespace

void AnswerRules::OnToken(Call& call, const Session& session) {
  const int token = ledger_.truth.FindToken(session.access_token.RevealSecret());
  const Step::HandOut hand_out{&call, token, session.generation};
  ledger_.trace.Note([&] { return "  " + NameOfHandOut(hand_out); });
  if (token < 0 ||
      ledger_.truth.session(ledger_.truth.token(token).session).account != call.account) {
    ledger_.Violate(Invariant::kOwner,
                    absl::StrCat(NameOfHandOut(hand_out), ", of another account or none"));
    return;
  }
  const TrueToken& issued = ledger_.truth.token(token);
  if (ledger_.now() >= ledger_.LiveUntil(token)) {
    ledger_.Violate(
        Invariant::kExpiredToken,
        absl::StrCat(NameOfHandOut(hand_out), ", which counts as live until ",
                     absl::FormatDuration(ledger_.now() - ledger_.LiveUntil(token)), " ago"));
  }
  if (ledger_.EndOf(token) - ledger_.now() < call.min_remaining) {
    ledger_.Violate(Invariant::kExpiredToken,
                    absl::StrCat(NameOfHandOut(hand_out), ", which ends too early for it"));
  }
  if (session.expire_time != issued.sent_wall + issued.lifetime ||
      session.issue_time != issued.sent_wall || session.header_name != "Session") {
    ledger_.Violate(Invariant::kExpiredToken,
                    absl::StrCat(NameOfHandOut(hand_out), " with wrong times or header"));
  }
  ledger_.step.hand_outs.push_back(hand_out);
}

void AnswerRules::OnEnd(Call& call, const absl::Status& status,
                        std::optional<RevokedReason> revoked, bool confirmed) {
  ledger_.trace.Note([&] {
    const auto reason = ReasonOf(status);
    const auto wait = RetryAfterOf(status);
    return absl::StrCat(
        "  ", NameOfCall(call), " ends: ",
        reason.has_value() ? std::string(ReasonName(*reason))
                           : absl::StatusCodeToString(status.code()),
        wait.has_value() ? absl::StrCat(", wait ", absl::FormatDuration(*wait)) : "",
        revoked.has_value() ? absl::StrCat(" ", NameOf(*revoked)) : "",
        call.kind == CallKind::kLogout ? (confirmed ? " revoked" : " not revoked") : "");
  });
  ledger_.step.ends.push_back({&call, status, revoked, confirmed});
}

void AnswerRules::OnPeek(const Call& call, const Session* session) {
  const int token = ledger_.TokenOf(call.account);
  const bool there = token >= 0 && ledger_.now() < ledger_.LiveUntil(token) &&
                     ledger_.EndOf(token) - ledger_.now() >= call.min_remaining &&
                     call.min_remaining <= ledger_.truth.token(token).lifetime * 0.9 &&
                     ledger_.MayUse(call.account, call.options);
  if (there && session == nullptr) {
    ledger_.Violate(Invariant::kWaitsBesideToken,
                    absl::StrCat("a reader misses the live token ", token, " of ",
                                 NameOfAccount(call.account)));
  }
}

void AnswerRules::AfterStep() {
  for (const Step::HandOut& hand_out : ledger_.step.hand_outs) CheckHandOut(hand_out);
  for (const Step::End& end : ledger_.step.ends) CheckEnd(end);
  if (ledger_.step.ends.size() > 1) {
    ledger_.coverage.Note(ledger_.step.hand_outs.empty() ? Landmark::kSharedFailure
                                                         : Landmark::kSharedToken);
  }
}

void AnswerRules::CheckHandOut(const Step::HandOut& hand_out) {
  Call& call = *hand_out.call;
  const int index = ledger_.truth.token(hand_out.token).session;
  SessionRecord& session = ledger_.session(index);
  ledger_.account(call.account).last_used = ledger_.now();
  session.handed_out_until = std::max(session.handed_out_until, ledger_.EndOf(hand_out.token));
  if (session.retired.has_value()) {
    ledger_.Violate(Invariant::kLoggedOut,
                    absl::StrCat(NameOfHandOut(hand_out), " of a session that is no more"));
  }
  const std::vector<int>& tokens = ledger_.account(call.account).tokens;
  if (hand_out.generation + 1 != tokens.size() || tokens.back() != hand_out.token) {
    ledger_.Violate(Invariant::kGeneration,
                    absl::StrCat(NameOfHandOut(hand_out), ", but the account is at generation ",
                                 tokens.size() - 1, ", token ", tokens.back()));
  }
  if (!ledger_.MayUse(call.account, call.options)) {
    ledger_.Violate(Invariant::kOwner,
                    absl::StrCat(NameOfHandOut(hand_out), " of ", session.owner));
  }
  CheckNew(hand_out);
  call.last_generation = hand_out.generation;
}

void AnswerRules::CheckNew(const Step::HandOut& hand_out) {
  const Call& call = *hand_out.call;
  if (call.kind == CallKind::kWatch && hand_out.generation <= call.last_generation) {
    ledger_.Violate(Invariant::kWatch, absl::StrCat(NameOfHandOut(hand_out), " once more"));
  }
  const bool wants_new =
      (call.kind == CallKind::kRefresh &&
       (!call.if_generation.has_value() || *call.if_generation == call.generation_before)) ||
      (call.kind == CallKind::kLogin && (call.force_new || !call.password.empty()));
  if (call.if_generation == hand_out.generation ||
      (wants_new && hand_out.generation <= call.generation_before)) {
    ledger_.Violate(Invariant::kGeneration,
                    absl::StrCat(NameOfHandOut(hand_out), ", which it was to replace"));
  }
}

void AnswerRules::CheckEnd(const Step::End& end) {
  const Call& call = *end.call;
  if (!end.status.ok()) {
    CheckStatus(call, end.status);
  } else if (call.kind == CallKind::kWatch) {
    if (!end.revoked.has_value()) {
      ledger_.Violate(Invariant::kWatch, absl::StrCat(NameOfCall(call), " ends without a reason"));
    } else {
      CheckRevoked(call, *end.revoked);
    }
  } else if (end.confirmed) {
    CheckConfirmed(call);
  }
}

void AnswerRules::CheckStatus(const Call& call, const absl::Status& status) {
  const std::optional<Reason> reason = ReasonOf(status);
  if (reason.has_value()) {
    CheckReason(call, *reason, RetryAfterOf(status));
    return;
  }
  const bool late = status.code() == absl::StatusCode::kDeadlineExceeded &&
                    ledger_.now() >= call.options.deadline;
  const bool cancelled =
      status.code() == absl::StatusCode::kCancelled && call.cancel_task.has_value();
  if (!late && !cancelled) {
    ledger_.Violate(Invariant::kStatus,
                    absl::StrCat(NameOfCall(call), " ends with ", status.ToString()));
  }
}

void AnswerRules::CheckReason(const Call& call, Reason reason,
                              std::optional<absl::Duration> retry_after) {
  const AccountModel& model = ledger_.account(call.account);
  if (!ForCallers(reason)) {
    ledger_.Violate(Invariant::kStatus, absl::StrCat(NameOfCall(call), " is told ",
                                                     ReasonName(reason), ", which is not for it"));
  }
  const absl::StatusCode code = CodeOf(reason);
  const bool needs_wait = code == absl::StatusCode::kUnavailable ||
                          code == absl::StatusCode::kResourceExhausted ||
                          reason == Reason::kCredentialHeldBack;
  if (needs_wait && !retry_after.has_value()) {
    ledger_.Violate(Invariant::kStatus, absl::StrCat(NameOfCall(call), " is told ",
                                                     ReasonName(reason), " without a time"));
  }
  if (reason == Reason::kCredentialHeldBack &&
      absl::AbsDuration(ledger_.now() + *retry_after - model.hold.until()) >
          absl::Microseconds(1)) {  // A status tells whole nanoseconds.
    ledger_.Violate(Invariant::kHold,
                    absl::StrCat(NameOfCall(call), " is told of a hold that does not end then"));
  }
  const bool upstreams =
      reason == Reason::kCredentialRejected || reason == Reason::kAccountForbidden ||
      reason == Reason::kUpstreamUntrusted || reason == Reason::kUpstreamMalformed;
  if (upstreams && model.last_failure != reason) {
    ledger_.Violate(Invariant::kSharedFailure,
                    absl::StrCat(NameOfCall(call), " is told ", ReasonName(reason),
                                 ", which upstream has not said last"));
  }
  if (reason == Reason::kLifetimeUnattainable && call.min_remaining <= absl::ZeroDuration()) {
    ledger_.Violate(
        Invariant::kStatus,
        absl::StrCat(NameOfCall(call), " is told of a lifetime that it did not ask for"));
  }
  if (reason == Reason::kOverloaded) {
    ledger_.coverage.Note(Landmark::kOverloaded);
    CheckFull(call);
  }
  // A login that is running belongs to somebody too: only that one may end it.
  const bool others_login = call.kind == CallKind::kLogout && model.exchanging();
  if (reason == Reason::kCallerNotAllowed && !others_login &&
      ledger_.MayUse(call.account, call.options)) {
    ledger_.Violate(Invariant::kOwner, absl::StrCat(NameOfCall(call), " is not let through"));
  }
}

// Nobody is refused while there is room.
void AnswerRules::CheckFull(const Call& call) {
  size_t places = 0;
  size_t callers_own = 0;
  for (size_t i = 0; i < kAccounts; ++i) {
    const AccountModel& model = ledger_.account(i);
    if (model.session >= 0 || model.exchanging() || model.exchange != 0) ++places;
    if (model.remembered && KeyOf(i).is_caller_account()) ++callers_own;
  }
  const size_t room = ledger_.setting.max_sessions;
  if (places < room && callers_own < 2 * room) {
    ledger_.Violate(Invariant::kLimits,
                    absl::StrCat(NameOfCall(call), " is refused although there is room"));
  }
}

void AnswerRules::CheckRevoked(const Call& call, RevokedReason reason) {
  const HoldModel& hold = ledger_.account(call.account).hold;
  const bool held = hold.IsActive(ledger_.now());
  bool right = false;
  switch (reason) {
    case RevokedReason::kLoggedOut:
      right = ledger_.LoggedOutNow(call.account) || !held;
      break;
    case RevokedReason::kCredentialRejected:
      right = held && hold.reason() == Reason::kCredentialRejected;
      break;
    case RevokedReason::kAccountForbidden:
      right = held && hold.reason() == Reason::kAccountForbidden;
      break;
    case RevokedReason::kTenantRemoved:
      break;
  }
  if (!right) {
    ledger_.Violate(Invariant::kWatch,
                    absl::StrCat(NameOfCall(call), " ends with the wrong reason ", NameOf(reason)));
  }
}

// A logout that says that upstream has confirmed it.
void AnswerRules::CheckConfirmed(const Call& call) {
  ledger_.coverage.Note(Landmark::kConfirmedLogout);
  for (int i = 0; i < ledger_.truth.sessions(); ++i) {
    const TrueSession& session = ledger_.truth.session(i);
    const SessionRecord& record = ledger_.session(i);
    if (session.account != call.account || !session.alive || !record.known ||
        !record.retired.has_value() || ledger_.now() - *record.retired >= kRevocationPatience) {
      continue;
    }
    ledger_.Violate(Invariant::kRevoked, absl::StrCat(NameOfCall(call), " is told that session ", i,
                                                      " has ended upstream, and it has not"));
  }
}

}  // namespace credbroker::simulation
