#include "tests/simulation/exchange_rules.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {
namespace {

std::string NameOfRequest(const Request& request) {
  return absl::StrCat(NameOf(request.kind), " #", request.id, " ", NameOfAccount(request.account));
}

std::string OutcomeOf(const Request& request) {
  if (request.kind == RequestKind::kCheck) return request.changed ? "changed" : "unchanged";
  if (!request.status.ok()) {
    const auto wait = RetryAfterOf(request.status);
    return absl::StrCat(ReasonName(*ReasonOf(request.status)),
                        wait.has_value() ? ", wait " + absl::FormatDuration(*wait) : "");
  }
  if (request.kind == RequestKind::kLogout) return "done";
  return absl::StrCat("token ", request.token, " of session ", request.session);
}

bool IsTransient(Reason reason) {
  return reason != Reason::kCredentialRejected && reason != Reason::kAccountForbidden &&
         reason != Reason::kRefreshTokenDead;
}

bool IsDead(const absl::Status& status) { return ReasonOf(status) == Reason::kRefreshTokenDead; }

}  // namespace

void ExchangeRules::OnRequest(const Request& request, Call* caller) {
  ledger_.trace.Note([&] {
    return absl::StrCat(
        "  -> ", NameOfRequest(request),
        request.password.empty() ? "" : absl::StrCat(" with ", request.password),
        request.device.empty() ? "" : absl::StrCat(" for ", request.device),
        request.session < 0 ? "" : absl::StrCat(" of session ", request.session),
        request.fault == Fault::kNone ? "" : absl::StrCat("  [", NameOf(request.fault), "]"));
  });
  switch (request.kind) {
    case RequestKind::kLogin:
      return CheckLogin(request, caller);
    case RequestKind::kRefresh:
      return CheckRefresh(request);
    case RequestKind::kLogout:
      return CheckLogout(request);
    case RequestKind::kCheck:
      hold_at_check_[request.id] = ledger_.account(request.account).hold.changes();
      return;
  }
}

void ExchangeRules::BeginExchange(const Request& request) {
  AccountModel& model = ledger_.account(request.account);
  if (model.exchange != 0) {
    ledger_.Violate(Invariant::kOneExchange, absl::StrCat(NameOfRequest(request), " begins while #",
                                                          model.exchange, " is in flight"));
  }
  if (ledger_.now() < model.not_before) {
    ledger_.Violate(Invariant::kSharedFailure,
                    absl::StrCat(NameOfRequest(request), " begins ",
                                 absl::FormatDuration(model.not_before - ledger_.now()),
                                 " before the time that upstream asked for"));
  }
  model.exchange = request.id;
  model.discarded = false;
  ++ledger_.step.exchanges[request.account];
}

void ExchangeRules::CheckLogin(const Request& request, Call* caller) {
  AccountModel& model = ledger_.account(request.account);
  const bool callers_own = KeyOf(request.account).is_caller_account();
  BeginExchange(request);
  const bool released = caller != nullptr && caller->release_hold;
  const bool allowed = model.hold.Allows(ledger_.now(), request.password, callers_own);
  if (model.hold.IsActive(ledger_.now())) {
    ledger_.coverage.Note(allowed ? Landmark::kOtherPassword : Landmark::kReleasedAttempt);
  }
  if (!released && !allowed) {
    ledger_.Violate(Invariant::kHold,
                    absl::StrCat(NameOfRequest(request), " although held for ",
                                 absl::FormatDuration(model.hold.until() - ledger_.now())));
  }
  if (caller == nullptr || !caller->wants_own_login()) {
    const bool refreshable = model.session >= 0 && !ledger_.session(model.session).dead;
    if (callers_own || refreshable) {
      ledger_.Violate(Invariant::kSharedFailure,
                      absl::StrCat(NameOfRequest(request), " although nobody asked for it",
                                   refreshable ? " and the session could be refreshed" : ""));
    }
    ledger_.step.dead_login[request.account] = model.session >= 0;
  }
  if (caller == nullptr) {
    CheckDevice(request);
    return;
  }
  if (caller->account != request.account || caller->exchanges++ > 0) {
    ledger_.Violate(
        Invariant::kSharedFailure,
        absl::StrCat(NameOfRequest(request), " is the second for ", NameOfCall(*caller)));
  }
}

// A login that runs at once for a call has that call's device.
void ExchangeRules::CheckDevice(const Request& request) {
  const Call* const begun = ledger_.step.begun;
  if (begun != nullptr && begun->kind == CallKind::kLogin && begun->account == request.account) {
    ledger_.Violate(Invariant::kOwner, absl::StrCat(NameOfRequest(request),
                                                    " without the device of ", NameOfCall(*begun)));
  }
}

void ExchangeRules::CheckRefresh(const Request& request) {
  if (request.session < 0) {
    ledger_.Violate(Invariant::kDeadRefreshToken,
                    absl::StrCat(NameOfRequest(request), " with a token that nobody issued"));
    return;
  }
  SessionRecord& session = ledger_.session(request.session);
  if (session.refreshes_in_flight++ > 0) {
    ledger_.Violate(Invariant::kRefreshTwice, NameOfRequest(request));
  }
  if (session.dead || session.ended) {
    ledger_.Violate(Invariant::kDeadRefreshToken,
                    absl::StrCat(NameOfRequest(request), " after ",
                                 session.dead ? "416" : "its logout was confirmed"));
  }
  if (session.retired.has_value()) {  // To end it with a live access token.
    ledger_.coverage.Note(Landmark::kRefreshedToLogOut);
    return;
  }
  BeginExchange(request);
  if (ledger_.account(request.account).session != request.session) {
    ledger_.Violate(Invariant::kLoggedOut,
                    absl::StrCat(NameOfRequest(request), " for a session that is not served"));
  }
}

void ExchangeRules::CheckLogout(const Request& request) {
  if (request.session < 0) {
    ledger_.Violate(Invariant::kRevoked,
                    absl::StrCat(NameOfRequest(request), " with a token that nobody issued"));
    return;
  }
  SessionRecord& session = ledger_.session(request.session);
  if (!session.retired.has_value()) {
    ledger_.Violate(Invariant::kKept, absl::StrCat(NameOfRequest(request), " of session ",
                                                   request.session, ", which is served"));
  }
  if (session.logouts_in_flight++ > 0) {
    ledger_.Violate(Invariant::kRevoked, absl::StrCat(NameOfRequest(request), " twice at once"));
  }
  if (ledger_.now() >= ledger_.EndOf(request.token)) {
    ledger_.Violate(Invariant::kExpiredToken,
                    absl::StrCat(NameOfRequest(request), " with a token that has ended"));
  }
}

void ExchangeRules::OnAnswer(const Request& request, const Call* caller) {
  ledger_.trace.Note(
      [&] { return absl::StrCat("  <- ", NameOfRequest(request), ": ", OutcomeOf(request)); });
  AccountModel& model = ledger_.account(request.account);
  if (request.kind == RequestKind::kCheck) {
    if (request.changed && hold_at_check_[request.id] == model.hold.changes()) {
      model.hold.Clear();
      ledger_.coverage.Note(Landmark::kHoldReleased);
    }
    return;
  }
  const bool exchange = model.exchange == request.id;
  const bool discarded = exchange && model.discarded;
  ledger_.step.answer =
      Step::Answer{request.kind,   request.account, request.session, request.token,
                   request.status, exchange,        discarded};
  if (exchange) model.exchange = 0;
  if (request.kind == RequestKind::kLogin && request.status.ok()) {
    SessionRecord& session = ledger_.session(request.session);
    session.known = true;
    // The first who logged in has it, also if others with its principal log in again.
    if (model.session >= 0 && !discarded) session.owner = ledger_.session(model.session).owner;
    if (session.owner.empty() && caller != nullptr && !caller->password.empty()) {
      session.owner = caller->options.principals.front();
    }
  }
  if (request.kind == RequestKind::kRefresh && request.session >= 0) {
    SessionRecord& session = ledger_.session(request.session);
    --session.refreshes_in_flight;
    session.dead = session.dead || IsDead(request.status);
  }
  if (request.kind == RequestKind::kLogout && request.session >= 0) {
    SessionRecord& session = ledger_.session(request.session);
    --session.logouts_in_flight;
    session.ended = session.ended || request.status.ok();
  }
  NoteHold(request, exchange);
  if (!exchange || request.status.ok()) return;
  model.last_failure = ReasonOf(request.status);
  if (IsTransient(*model.last_failure)) {
    ledger_.Pause(request.account, RetryAfterOf(request.status).value_or(absl::ZeroDuration()));
  }
}

void ExchangeRules::NoteHold(const Request& request, bool exchange) {
  if (!exchange) return;
  HoldModel& hold = ledger_.account(request.account).hold;
  const auto reason = ReasonOf(request.status);
  if (request.kind == RequestKind::kLogin && request.status.ok()) {
    hold.Clear();
  } else if (reason == Reason::kCredentialRejected || reason == Reason::kAccountForbidden) {
    // Of a refresh: what was good for its login is not to be tried again, as long as it is the
    // same.
    const bool callers_own = KeyOf(request.account).is_caller_account();
    hold.Reject(ledger_.now(), *reason,
                request.kind == RequestKind::kRefresh && !callers_own
                    ? ledger_.truth.account(request.account).last_presented
                    : request.password);
  }
}

void ExchangeRules::AfterStep() {
  int requests = 0;
  std::map<std::string, int> refreshes;
  for (const auto& request : in_flight_) {
    if (request->kind == RequestKind::kCheck) continue;
    ++requests;
    if (request->kind == RequestKind::kRefresh && request->session >= 0 &&
        ledger_.account(request->account).exchange == request->id) {
      ++refreshes[KeyOf(request->account).tenant];
    }
  }
  if (requests == ledger_.setting.upstream_concurrency) {
    ledger_.coverage.Note(Landmark::kLimitReached);
  }
  if (requests > ledger_.setting.upstream_concurrency) {
    ledger_.Violate(Invariant::kLimits, absl::StrCat(requests, " requests at once"));
  }
  for (const auto& [tenant, count] : refreshes) {
    if (count > ledger_.setting.refresh_concurrency) {
      ledger_.Violate(Invariant::kLimits,
                      absl::StrCat(count, " refreshes of ", tenant, " at once"));
    }
  }
  size_t sessions = 0;
  for (const AccountModel& model : ledger_.accounts) {
    if (model.session >= 0 || model.exchanging()) ++sessions;
  }
  if (sessions > ledger_.setting.max_sessions) {
    ledger_.Violate(Invariant::kLimits, absl::StrCat(sessions, " sessions at once"));
  }
}

}  // namespace credbroker::simulation
