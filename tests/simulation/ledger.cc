#include "tests/simulation/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker::simulation {

SessionRecord& Ledger::session(int index) {
  if (sessions.size() < static_cast<size_t>(truth.sessions())) {
    sessions.resize(static_cast<size_t>(truth.sessions()));
  }
  return sessions[static_cast<size_t>(index)];
}

void Ledger::Retire(int index) {
  SessionRecord& record = session(index);
  if (record.retired.has_value()) return;
  record.retired = now();
  trace.Note([&] { return absl::StrCat("    session ", index, " is served no more"); });
}

void Ledger::Pause(size_t account, absl::Duration at_least) {
  // Full jitter: nothing is known of a backoff but what is drawn each time.
  const absl::Duration backoff = absl::Seconds(1) * setting.jitter.value_or(0);
  accounts[account].not_before = now() + std::max(at_least, backoff);
}

bool Ledger::LoggedOutNow(size_t account) const {
  const Call* const call = step.begun;
  if (call == nullptr || call->kind != CallKind::kLogout || call->account != account) return false;
  return std::none_of(step.ends.begin(), step.ends.end(), [&](const Step::End& end) {
    return end.call == call && ReasonOf(end.status) == Reason::kCallerNotAllowed;
  });
}

int Ledger::TokenOf(size_t account) const {
  const AccountModel& model = accounts[account];
  return model.session < 0 ? -1 : model.tokens[model.generation];
}

Instant Ledger::EndOf(int token) const {
  return truth.token(token).sent + truth.token(token).lifetime;
}

Instant Ledger::LiveUntil(int token) const {
  return EndOf(token) - std::min(absl::Seconds(5), truth.token(token).lifetime / 10);
}

bool Ledger::MayUse(size_t account, const CallOptions& options) const {
  const int session = accounts[account].session;
  if (session < 0) return true;
  const std::string& owner = sessions[static_cast<size_t>(session)].owner;
  return owner.empty() || std::find(options.principals.begin(), options.principals.end(), owner) !=
                              options.principals.end();
}

void Ledger::Violate(Invariant invariant, std::string what) {
  if (violation.has_value()) return;
  trace.Note([&] { return absl::StrCat("VIOLATION ", NameOf(invariant), ": ", what); });
  violation = Violation{invariant, std::move(what)};
}

std::string NameOfAccount(size_t account) {
  return absl::StrCat(KeyOf(account).tenant, "/", KeyOf(account).account);
}

std::string NameOfCall(const Call& call) {
  return absl::StrCat("call ", call.id, " (", NameOf(call.act), " ", NameOfAccount(call.account),
                      ")");
}

}  // namespace credbroker::simulation
