#include "tests/simulation/session_rules.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {

void SessionRules::AfterStep(const std::vector<SessionRow>& rows, const std::vector<Call*>& open) {
  size_t row = 0;
  for (size_t account = 0; account < kAccounts; ++account) {
    const bool there = row < rows.size() && rows[row].key == KeyOf(account);
    Compare(account, there ? &rows[row] : nullptr, open);
    if (there) ++row;
  }
}

void SessionRules::Compare(size_t account, const SessionRow* row, const std::vector<Call*>& open) {
  AccountModel& model = ledger_.account(account);
  if (row == nullptr) {
    if (!model.remembered) return;
    // A caller's own account that is forgotten begins anew.
    if (model.session >= 0) NoteGone(account, open);
    model = AccountModel();
    ledger_.coverage.Note(Landmark::kForgotten);
    return;
  }
  model.remembered = true;
  if (row->generation != model.generation) {
    NotePublished(account, row->generation);
  } else {
    NoteUnpublished(account);
  }
  const bool exchanging =
      row->state == SessionState::kLoggingIn || row->state == SessionState::kRenewing;
  const auto& answer = ledger_.step.answer;
  const bool answered = answer.has_value() && answer->exchange && answer->account == account;
  if (exchanging && (answered || !model.exchanging())) model.exchange_since = ledger_.now();
  model.state = row->state;

  CheckHold(account, *row);
  const bool has_session = row->expire_time.has_value();
  if (ledger_.LoggedOutNow(account)) {
    if (model.session >= 0) ledger_.Retire(std::exchange(model.session, -1));
    if (model.exchange != 0) model.discarded = true;
  }
  if (!has_session && model.session >= 0) NoteGone(account, open);
  if (has_session && model.session < 0) {
    ledger_.Violate(Invariant::kLoggedOut,
                    absl::StrCat(NameOfAccount(account), " has a session that it should not have"));
  }
}

void SessionRules::NotePublished(size_t account, uint64_t generation) {
  AccountModel& model = ledger_.account(account);
  const auto& answer = ledger_.step.answer;
  const bool issued = answer.has_value() && answer->exchange && answer->account == account &&
                      answer->status.ok() && answer->token >= 0;
  if (generation != model.generation + 1 || !issued) {
    ledger_.Violate(Invariant::kGeneration,
                    absl::StrCat(NameOfAccount(account), " goes from generation ", model.generation,
                                 " to ", generation, issued ? "" : " without a new token"));
    return;
  }
  if (answer->discarded) {
    ledger_.Violate(Invariant::kLoggedOut,
                    absl::StrCat("token ", answer->token, " of ", NameOfAccount(account),
                                 " is served although it was logged out meanwhile"));
  }
  model.generation = generation;
  model.tokens.push_back(answer->token);
  const int before = std::exchange(model.session, answer->session);
  if (before >= 0 && before != answer->session) {
    ledger_.Retire(before);
    ledger_.coverage.Note(Landmark::kSuperseded);
  }
}

// A good answer whose token is not served: because the account was logged out, or it came too late.
void SessionRules::NoteUnpublished(size_t account) {
  const auto& answer = ledger_.step.answer;
  if (!answer.has_value() || !answer->exchange || answer->account != account ||
      !answer->status.ok()) {
    return;
  }
  const bool ended = ledger_.now() >= ledger_.LiveUntil(answer->token);
  if (!answer->discarded && !ended) {
    ledger_.Violate(Invariant::kKept, absl::StrCat("token ", answer->token, " of ",
                                                   NameOfAccount(account), " is thrown away"));
  }
  if (answer->discarded) {
    ledger_.coverage.Note(answer->kind == RequestKind::kLogin ? Landmark::kDiscardedLogin
                                                              : Landmark::kDiscardedRefresh);
  } else {
    ledger_.coverage.Note(Landmark::kLateToken);
    ledger_.account(account).last_failure = Reason::kUpstreamMalformed;
    ledger_.Pause(account, absl::ZeroDuration());
  }
  if (answer->kind == RequestKind::kLogin) ledger_.Retire(answer->session);
}

// The session has gone, and nobody logged it out.
void SessionRules::NoteGone(size_t account, const std::vector<Call*>& open) {
  AccountModel& model = ledger_.account(account);
  const int gone = std::exchange(model.session, -1);
  SessionRecord& session = ledger_.session(gone);
  const auto& answer = ledger_.step.answer;
  if (answer.has_value() && answer->exchange && answer->account == account &&
      ReasonOf(answer->status) == Reason::kAccountForbidden) {
    session.dropped = true;
    ledger_.coverage.Note(Landmark::kDropped);
    return;
  }
  const bool live = ledger_.now() < ledger_.LiveUntil(model.tokens[model.generation]);
  if (session.dead && !live) {  // It has ended by itself, or is evicted before that is noticed.
    ledger_.Retire(gone);
    return;
  }
  if (!KeyOf(account).is_caller_account()) {
    ledger_.Violate(Invariant::kKept,
                    absl::StrCat("the session of ", NameOfAccount(account), " is lost"));
    return;
  }
  bool watched = false;
  for (const Call* call : open) watched = watched || (call->watching && call->account == account);
  if (watched || ledger_.now() < session.handed_out_until) {
    ledger_.Violate(Invariant::kKept, absl::StrCat("the session of ", NameOfAccount(account),
                                                   " is evicted while it is in use"));
  }
  ledger_.Retire(gone);
  ledger_.coverage.Note(Landmark::kEvicted);
}

void SessionRules::CheckHold(size_t account, const SessionRow& row) {
  const HoldModel& hold = ledger_.account(account).hold;
  const bool held = hold.IsActive(ledger_.now());
  if (held != row.hold_end_time.has_value()) {
    ledger_.Violate(Invariant::kHold,
                    absl::StrCat(NameOfAccount(account),
                                 held ? " should be held back" : " should not be held back"));
  } else if (held && absl::AbsDuration(*row.hold_end_time - ledger_.loop.WallNow() -
                                       (hold.until() - ledger_.now())) > absl::Microseconds(1)) {
    ledger_.Violate(Invariant::kHold,
                    absl::StrCat("the hold of ", NameOfAccount(account), " is of a wrong length"));
  }
}

}  // namespace credbroker::simulation
