// What a schedule's actions do to the world.

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

#include "tests/simulation/world.h"

namespace credbroker::simulation {
namespace {

// So many steps may one action take, at most.
constexpr size_t kStepsPerAction = 60;

template <typename T, size_t n>
T Pick(const std::array<T, n>& values, uint8_t argument) {
  return values[argument % n];
}

CallOptions OptionsFrom(uint8_t argument, Instant now) {
  CallOptions options;
  const std::array<std::vector<std::string>, 4> principals = {
      {{"ann"}, {"ann"}, {"ben"}, {"ben", "ann"}}};
  options.principals = Pick(principals, argument);
  options.is_operator = (argument >> 2) % 4 == 3;
  const std::array deadlines = {absl::InfiniteDuration(), absl::InfiniteDuration(),
                                absl::Seconds(30),        absl::Seconds(5),
                                absl::Milliseconds(100),  absl::ZeroDuration()};
  const absl::Duration patience = Pick(deadlines, static_cast<uint8_t>(argument >> 4));
  if (patience < absl::InfiniteDuration()) options.deadline = now + patience;
  return options;
}

absl::Duration AdvanceBy(uint8_t argument) {
  constexpr std::array kMilliseconds = {
      int64_t{1'000},   int64_t{0},       int64_t{1},         int64_t{20},
      int64_t{40},      int64_t{50},      int64_t{300},       int64_t{5'000},
      int64_t{10'000},  int64_t{30'000},  int64_t{60'000},    int64_t{240'000},
      int64_t{300'000}, int64_t{900'000}, int64_t{3'600'000}, int64_t{40'000'000}};
  return absl::Milliseconds(Pick(kMilliseconds, argument));
}

absl::Duration SuspendBy(uint8_t argument) {
  const std::array durations = {absl::Seconds(1),   absl::Seconds(12), absl::Minutes(1),
                                absl::Minutes(5),   absl::Hours(1),    absl::Hours(12),
                                absl::Hours(8 * 24)};
  return Pick(durations, argument);
}

absl::Duration JumpBy(uint8_t argument) {
  const std::array jumps = {absl::Hours(1), absl::Hours(-1), absl::Seconds(6), absl::Seconds(-6),
                            absl::Hours(24 * 400)};
  return Pick(jumps, argument);
}

absl::Duration LifetimeFrom(uint8_t argument) {
  constexpr std::array kSeconds = {300, 1, 20, 599, 600, 3600, 86400};
  return absl::Seconds(Pick(kSeconds, argument));
}

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
  if (action.act == Act::kPeek) return Peek(call);
  if (call.kind == CallKind::kGetToken && action.a % 2 == 0) {
    // As the API does it.
    const auto session =
        manager_->Peek(KeyOf(account), call.min_remaining, call.options.principals);
    answer_rules_->OnPeek(call, session.get());
    if (session != nullptr) return;
  }
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
  const AccountModel& model = ledger_->accounts[account];
  call.act = action.act;
  call.account = account;
  call.options = OptionsFrom(action.b, loop_->Now());
  switch (action.act) {
    case Act::kGetFreshToken: {
      constexpr std::array kShares = {0.5, 0.1, 0.89, 0.9, 0.91};
      call.min_remaining = truth_.account(account).lifetime * Pick(kShares, action.a / 2);
      return true;
    }
    case Act::kLogin:
    case Act::kForceLogin:
    case Act::kReleaseHold:
    case Act::kPasswordLogin:
      call.kind = CallKind::kLogin;
      call.force_new =
          action.act == Act::kForceLogin || (action.act == Act::kReleaseHold && action.a % 2 == 1);
      call.release_hold = action.act == Act::kReleaseHold;
      if (action.act == Act::kPasswordLogin) {
        const std::string& right = truth_.account(account).password;
        call.password =
            Pick(std::array<std::string, 6>{right, right, right, "wrong-1", "wrong-2", "wrong-3"},
                 action.a);
        return KeyOf(account).is_caller_account();  // The API refuses it for the others.
      }
      return true;
    case Act::kRefresh:
      call.kind = CallKind::kRefresh;
      return true;
    case Act::kRefreshIf:
      call.kind = CallKind::kRefresh;
      call.if_generation =
          Pick(std::array{model.generation, model.generation,
                          model.generation > 0 ? model.generation - 1 : 0, uint64_t{999'999}},
               action.a);
      return true;
    case Act::kWatch:
      call.kind = CallKind::kWatch;
      return true;
    case Act::kLogout:
      call.kind = CallKind::kLogout;
      return true;
    case Act::kList:
      call.kind = CallKind::kList;
      return true;
    case Act::kMeasure:
      call.kind = CallKind::kMeasure;
      return true;
    default:
      return true;
  }
}

void World::Peek(Call& call) {
  const auto session =
      manager_->Peek(KeyOf(call.account), call.min_remaining, call.options.principals);
  trace_.Note([&] {
    return absl::StrCat("peek ", NameOfAccount(call.account), ": ",
                        session == nullptr ? "nothing" : "a token");
  });
  answer_rules_->OnPeek(call, session.get());
  if (session != nullptr) answer_rules_->OnToken(call, *session);
  AfterStep();
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
        return absl::StrCat("the wall clock jumps by ", absl::FormatDuration(JumpBy(action.a)));
      });
      loop_->JumpWall(JumpBy(action.a));
      return AfterStep();
    case Act::kAdvance:
      return AdvanceTo(loop_->Now() + AdvanceBy(action.a), kStepsPerAction);
    case Act::kSuspend:
      trace_.Note([&] {
        return absl::StrCat("everything stands still for ",
                            absl::FormatDuration(SuspendBy(action.a)));
      });
      return SuspendTo(loop_->Now() + SuspendBy(action.a));
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
