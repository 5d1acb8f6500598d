#ifndef CREDBROKER_TESTS_SIMULATION_INVARIANT_H_
#define CREDBROKER_TESTS_SIMULATION_INVARIANT_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace credbroker::simulation {

// What must hold after every step, whatever happens.
enum class Invariant {
  // No token is handed out that has ended, or that ends within the slack.
  kExpiredToken,
  // Nobody waits while a live token that would do is cached; no reader misses it.
  kWaitsBesideToken,
  // At most one login or refresh is in flight per account.
  kOneExchange,
  // A refresh token is never in flight twice.
  kRefreshTwice,
  // A refresh token is not used after upstream has said 416, or has confirmed its logout.
  kDeadRefreshToken,
  // No password attempt during a hold, which is as long as it should be.
  kHold,
  // A generation never goes back, grows by one, and stands for one token; a refresh never answers
  // with the one that it was asked to replace.
  kGeneration,
  // Every waiter is answered exactly once, and none waits for nothing or past its deadline.
  kAnsweredOnce,
  // A session that was logged out, superseded or evicted is never served again.
  kLoggedOut,
  // ... and it is dead upstream in the end; `revoked_upstream` says so only if it is.
  kRevoked,
  // A failed exchange answers all its waiters at once with its own reason, is not repeated before
  // the time that it asks for, and no login is made that nobody needs.
  kSharedFailure,
  // Not more at once than the policy allows, in requests and sessions; nobody is refused while
  // there
  // is room.
  kLimits,
  // Callers get their own tokens only, and a login that runs for one has its device.
  kOwner,
  // A watch sees every token, in order, and ends with the right reason.
  kWatch,
  // Statuses are those of the contract, with a time to wait where that helps.
  kStatus,
  // A session ends only for a reason: it is not lost, nor evicted while it is in use, and kept
  // fresh
  // as long as somebody asks.
  kKept,
  // Once all is well upstream, all is well.
  kHealing,
};
inline constexpr size_t kInvariants = 17;

// In lower case with dashes, e.g. "expired-token".
absl::string_view NameOf(Invariant invariant);

struct Violation {
  Invariant invariant;
  std::string what;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_INVARIANT_H_
