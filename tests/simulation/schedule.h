#ifndef CREDBROKER_TESTS_SIMULATION_SCHEDULE_H_
#define CREDBROKER_TESTS_SIMULATION_SCHEDULE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/model/account_key.h"

namespace credbroker::simulation {

// The accounts of the simulated world, in the order of their keys. Those with an '@' are callers'
// own.
inline constexpr size_t kAccounts = 6;
const AccountKey& KeyOf(size_t account);

// What may happen. The first group are events of callers, the second of time, the third of
// upstream and of the credential files.
enum class Act : uint8_t {
  kPeek,
  kGetToken,
  kGetFreshToken,  // With min_remaining_lifetime.
  kLogin,
  kForceLogin,
  kReleaseHold,
  kPasswordLogin,
  kRefresh,
  kRefreshIf,  // With if_generation.
  kWatch,
  kLogout,
  kCancel,
  kList,
  kMeasure,
  kCheckHeld,
  kRun,
  kAdvance,
  kAdvanceToEdge,  // To the very moment at which something ends.
  kSuspend,        // Time passes, and nothing runs: SIGSTOP, or a machine asleep.
  kSuspendToEdge,
  kJumpWall,
  kFault,
  kLifetime,
  kChangePassword,
  kChangeFile,
  kEndSession,  // Upstream ends the session early.
};
inline constexpr size_t kActs = 26;
absl::string_view NameOf(Act act);

// How upstream treats the requests of an account.
enum class Fault : uint8_t {
  kNone,
  kSlow,
  kUnreachable,
  kLostAnswer,  // The request takes effect, its answer never comes.
  kThrottled,   // 429, or TLS that does not verify: with a time to wait.
  kDead,        // 416: the session has ended.
  kForbidden,
  kRejected,   // 401.
  kUntrusted,  // The server cannot prove that it knows the password.
  kMalformed,
  kEnded,       // The token ends on its way.
  kLongLived,   // The token claims to live for a hundred years.
  kUnreadable,  // The credential file cannot be read.
};
inline constexpr size_t kFaults = 13;
absl::string_view NameOf(Fault fault);

// One thing that happens. `account` and the arguments are taken modulo what there is then to choose
// from, so that every list of actions is a schedule; 0 is the plainest value.
struct Action {
  Act act = Act::kRun;
  uint8_t account = 0;
  uint8_t a = 0;
  uint8_t b = 0;
};

// What holds for a whole schedule.
struct Setting {
  // Which accounts take part.
  std::vector<size_t> accounts;
  absl::Duration lifetime;
  absl::Duration request_timeout;
  absl::Duration idle_timeout;
  std::optional<double> refresh_at;
  int upstream_concurrency = 0;
  int refresh_concurrency = 0;
  size_t max_sessions = 0;
  // Ready tasks, timers and answers run in any order; else in that order.
  bool any_order = false;
  // Upstream takes anything up to its timeout; else always the same moment.
  bool any_latency = false;
  // What jitter draws, if always the same.
  std::optional<double> jitter;
};

struct Schedule {
  uint64_t seed = 0;
  Setting setting;
  std::vector<Action> actions;
};

// The schedule of that seed.
Schedule Generate(uint64_t seed);

// One line, for people.
std::string Describe(const Setting& setting);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_SCHEDULE_H_
