// What a schedule's actions do to the world.

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "tests/simulation/arguments.h"
#include "tests/simulation/world.h"

namespace credbroker::simulation {
namespace {

// So many steps may one action take, at most.
constexpr size_t kStepsPerAction = 60;

}  // namespace

void World::Perform(const Action& action) {
  const std::vector<size_t>& accounts = schedule_.setting.accounts;
  const size_t account = accounts[action.account % accounts.size()];
  NoteCoverage(action, account);
  if (action.act <= Act::kCheckHeld) {
    PerformCall(action, account);
  } else if (action.act <= Act::kJumpWall) {
    PerformTime(action, account);
  } else {
    PerformChange(action, account);
  }
}

void World::NoteCoverage(const Action& action, size_t account) {
  const bool is_time = action.act > Act::kCheckHeld && action.act <= Act::kJumpWall;
  const bool is_for_all = is_time || action.act == Act::kCheckHeld || action.act == Act::kList ||
                          action.act == Act::kMeasure;
  for (const size_t met : schedule_.setting.accounts) {
    if (!is_for_all && met != account) continue;
    coverage_.NoteAct(ledger_->account(met).state, action.act,
                      truth_.account(met).fault_in_force());
  }
}

void World::PerformCall(const Action& action, size_t account) {
  if (action.act == Act::kCancel) return CancelOne(action, account);
  if (action.act == Act::kCheckHeld) {
    trace_.Note([&] { return std::string("check-held"); });
    return manager_->Tidy();
  }
  Call call;
  if (!Describe(action, account, call)) return;
  if (action.act == Act::kPeek) {
    Peek(call);
    return;
  }
  // As the API does it, or else as if the token had gone meanwhile.
  if (call.kind == CallKind::kGetToken && action.a % 2 == 0 && Peek(call)) return;
  const Call& started = callers_->Start(std::move(call));
  trace_.Note([&] {
    return absl::StrCat(
        NameOfCall(started), " as ", started.options.principals.front(),
        started.options.is_operator ? ", operator" : "",
        started.min_remaining > absl::ZeroDuration()
            ? absl::StrCat(" min_remaining ", absl::FormatDuration(started.min_remaining))
            : "",
        started.if_generation.has_value() ? absl::StrCat(" if_generation ", *started.if_generation)
                                          : "",
        started.password.empty() ? "" : absl::StrCat(" with ", started.password),
        started.options.deadline < Instant::InfiniteFuture()
            ? absl::StrCat(" within ",
                           absl::FormatDuration(started.options.deadline - loop_->Now()))
            : "");
  });
}

// Fills in `call`. False if there can be none.
bool World::Describe(const Action& action, size_t account, Call& call) const {
  call.act = action.act;
  call.kind = KindOf(action.act);
  call.account = account;
  call.options = OptionsFrom(action.b, loop_->Now());
  call.force_new =
      action.act == Act::kForceLogin || (action.act == Act::kReleaseHold && action.a % 2 == 1);
  call.release_hold = action.act == Act::kReleaseHold;
  if (action.act == Act::kGetFreshToken) {
    call.min_remaining = truth_.account(account).lifetime * ShareFrom(action.a / 2);
  } else if (action.act == Act::kRefreshIf) {
    call.if_generation = GenerationFrom(action.a, ledger_->accounts[account].generation);
  } else if (action.act == Act::kPasswordLogin) {
    call.password = PasswordFrom(action.a, truth_.account(account).password);
    return KeyOf(account).is_caller_account();  // The API refuses it for the others.
  }
  return true;
}

// A reader's way to a token. False if there is none.
bool World::Peek(Call& call) {
  const auto session =
      manager_->Peek(callers_->TargetOf(call.account), call.min_remaining, call.options.principals);
  trace_.Note([&] {
    return absl::StrCat("peek ", NameOfAccount(call.account), ": ",
                        session == nullptr ? "nothing" : "a token");
  });
  answer_rules_->OnPeek(call, session.get());
  if (session != nullptr) answer_rules_->OnToken(call, *session);
  AfterStep();
  return session != nullptr;
}

void World::CancelOne(const Action& action, size_t account) {
  std::vector<Call*> candidates;
  for (Call* call : callers_->open()) {
    const bool can = call->kind != CallKind::kList && call->kind != CallKind::kMeasure;
    if (call->account == account && can && !call->cancel_task.has_value()) {
      candidates.push_back(call);
    }
  }
  if (candidates.empty()) return manager_->Cancel(12345);  // Harmless.
  Call& call = *candidates[action.a % candidates.size()];
  trace_.Note([&] { return absl::StrCat("cancel ", NameOfCall(call)); });
  callers_->Cancel(call);
}

void World::PerformTime(const Action& action, size_t account) {
  switch (action.act) {
    case Act::kRun:
      return RunReady(1u + action.a % 4);
    case Act::kJumpWall:
      trace_.Note([&] {
        return absl::StrCat("the wall clock jumps by ", absl::FormatDuration(JumpFrom(action.a)));
      });
      loop_->JumpWall(JumpFrom(action.a));
      return AfterStep();
    case Act::kAdvance:
      return AdvanceTo(loop_->Now() + DurationFrom(action.a), kStepsPerAction);
    case Act::kSuspend:
      trace_.Note([&] {
        return absl::StrCat("everything stands still for ",
                            absl::FormatDuration(SuspensionFrom(action.a)));
      });
      return SuspendTo(loop_->Now() + SuspensionFrom(action.a));
    default: {
      const std::optional<Instant> edge = Edge(action, account);
      if (!edge.has_value()) return;
      if (action.act == Act::kAdvanceToEdge) return AdvanceTo(*edge, kStepsPerAction);
      trace_.Note([&] {
        return absl::StrCat("everything stands still for ",
                            absl::FormatDuration(*edge - loop_->Now()));
      });
      return SuspendTo(*edge);
    }
  }
}

// A moment at which something ends, a nanosecond before or after it.
std::optional<Instant> World::Edge(const Action& action, size_t account) const {
  const AccountModel& model = ledger_->accounts[account];
  std::vector<Instant> edges;
  if (const int token = ledger_->TokenOf(account); token >= 0) {
    edges.push_back(ledger_->LiveUntil(token));
    edges.push_back(ledger_->EndOf(token));
  }
  edges.push_back(model.hold.until());
  edges.push_back(model.not_before);
  if (loop_->NextTimer().has_value()) edges.push_back(*loop_->NextTimer());
  for (const Call* call : callers_->open()) {
    if (call->account == account && call->options.deadline < Instant::InfiniteFuture()) {
      edges.push_back(call->options.deadline);
    }
  }
  std::erase_if(edges, [this](Instant edge) { return edge <= loop_->Now(); });
  if (edges.empty()) return std::nullopt;
  constexpr std::array kOffsets = {0, 0, -1, 1};
  return edges[action.a % edges.size()] + absl::Nanoseconds(Pick(kOffsets, action.b));
}

void World::PerformChange(const Action& action, size_t account) {
  Truth::Account& truth = truth_.account(account);
  constexpr std::array kTimes = {1, 1, 2, 5, 1000};
  constexpr std::array<std::optional<RequestKind>, 6> kKinds = {
      {{}, {}, {}, RequestKind::kLogin, RequestKind::kRefresh, RequestKind::kLogout}};
  const std::string other = absl::StrCat("password-", action.a % 4);
  std::string what;
  switch (action.act) {
    case Act::kFault:
      truth.fault = static_cast<Fault>(action.a % kFaults);
      truth.fault_left = Pick(kTimes, action.b);
      truth.fault_kind = Pick(kKinds, static_cast<uint8_t>(action.b / kTimes.size()));
      what =
          absl::StrCat("upstream is ", NameOf(truth.fault), " for ", truth.fault_left, " ",
                       truth.fault_kind.has_value() ? NameOf(*truth.fault_kind) : "", " requests");
      break;
    case Act::kLifetime:
      truth.lifetime = LifetimeFrom(action.a);
      what = absl::StrCat("tokens live for ", absl::FormatDuration(truth.lifetime));
      break;
    case Act::kChangePassword:
      truth.password = other;
      what = absl::StrCat("the password becomes ", other);
      break;
    case Act::kChangeFile:
      truth.file = action.b % 2 == 0 ? truth.password : other;
      what = absl::StrCat("the credential file becomes ", truth.file);
      break;
    default:
      if (const int session = truth_.LiveSession(account); session >= 0) {
        truth_.session(session).alive = false;
        what = absl::StrCat("upstream ends session ", session);
      }
      break;
  }
  trace_.Note([&] { return absl::StrCat(NameOfAccount(account), ": ", what); });
}

}  // namespace credbroker::simulation
