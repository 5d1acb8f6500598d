// How each run ends: upstream is well again, and after a while everything else must be.

#include "absl/strings/str_cat.h"

#include "tests/simulation/world.h"

namespace credbroker::simulation {
namespace {

// Longer than any pause that a request or its repetition takes.
constexpr absl::Duration kRecovery = absl::Minutes(12);
constexpr absl::Duration kLongestHold = absl::Hours(6);
constexpr absl::Duration kRevocationPatience = absl::Hours(7 * 24);
constexpr size_t kManySteps = 20'000;

}  // namespace

void World::Finish() {
  trace_.Note([] { return std::string("upstream is well from now on"); });
  Heal();
  AdvanceTo(loop_->Now() + kRecovery, kManySteps);
  for (const Call* call : callers_->open()) {
    if (over()) return;
    if (!call->watching) {
      ledger_->Violate(Invariant::kHealing, absl::StrCat(NameOfCall(*call), " is never answered"));
    }
  }
  for (const size_t account : schedule_.setting.accounts) {
    if (!over()) CheckServed(account);
  }
  if (!over()) LogOutAll();
  if (!over()) CheckNothingLeft();
  if (!over()) CheckAllDead();
}

void World::Heal() {
  for (size_t account = 0; account < kAccounts; ++account) {
    Truth::Account& truth = truth_.account(account);
    truth.fault_left = 0;
    truth.file = truth.password;
    truth.lifetime = absl::Hours(1);
  }
  manager_->Tidy();
}

Call& World::StartAndRun(Call description, absl::Duration patience) {
  Call& call = callers_->Start(std::move(description));
  trace_.Note([&] { return NameOfCall(call); });
  const Instant end = loop_->Now() + patience;
  AdvanceTo(end, kManySteps);
  if (!call.ended && !over()) {
    ledger_->Violate(Invariant::kHealing, absl::StrCat(NameOfCall(call), " is not answered"));
  }
  return call;
}

// Whoever may have a token gets one: at once, or when the hold is over.
void World::CheckServed(size_t account) {
  Call call;
  call.account = account;
  call.options.principals = {"ann", "ben"};
  const bool room = schedule_.setting.max_sessions >= kAccounts;
  for (const bool after_hold : {false, true}) {
    const bool held = ledger_->account(account).hold.IsActive(loop_->Now());
    const Call& asked = StartAndRun(call, absl::Minutes(1));
    if (over() || asked.last_generation > 0) return;
    const bool callers_own = KeyOf(account).is_caller_account();
    if (callers_own || !room) return;
    if (after_hold || !held) {
      ledger_->Violate(Invariant::kHealing, absl::StrCat(NameOfAccount(account), " gets no token"));
      return;
    }
    AdvanceTo(loop_->Now() + kLongestHold, kManySteps);
  }
}

void World::LogOutAll() {
  for (const size_t account : schedule_.setting.accounts) {
    Call call;
    call.kind = CallKind::kLogout;
    call.act = Act::kLogout;
    call.account = account;
    call.options.is_operator = true;
    call.options.principals = {"operator"};
    StartAndRun(call, absl::Minutes(1));
    if (over()) return;
  }
}

void World::CheckNothingLeft() {
  if (!callers_->open().empty()) {
    ledger_->Violate(Invariant::kHealing,
                     absl::StrCat(NameOfCall(*callers_->open().front()), " has not ended"));
  } else if (!upstream_->in_flight().empty()) {
    ledger_->Violate(Invariant::kHealing, "a request is still in flight");
  } else if (loop_->HasPosted() || loop_->timers() > 0) {
    ledger_->Violate(Invariant::kHealing, absl::StrCat(loop_->timers(), " timers are left"));
  }
}

// Every session that the broker knew of, and was not forbidden to end, has ended upstream.
void World::CheckAllDead() {
  for (int i = 0; i < truth_.sessions(); ++i) {
    const SessionRecord& record = ledger_->session(i);
    if (!truth_.session(i).alive || !record.known || record.dropped) continue;
    if (record.retired.has_value() && loop_->Now() - *record.retired >= kRevocationPatience) {
      coverage_.Note(Landmark::kRevocationLost);
      continue;  // Given up, and counted as lost.
    }
    ledger_->Violate(Invariant::kRevoked,
                     absl::StrCat("session ", i, " of ", NameOfAccount(truth_.session(i).account),
                                  " lives on upstream"));
    return;
  }
}

}  // namespace credbroker::simulation
