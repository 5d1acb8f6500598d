#include "service/sessions/refusal.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

// When to try again where only other callers can make room.
constexpr absl::Duration kRoomPause = absl::Seconds(5);

}  // namespace

absl::Status LoginRequired() {
  return Failure(Reason::kLoginRequired, "no live session, and no credential to make one: log in");
}

absl::Status BelongsToAnother() {
  return Failure(Reason::kCallerNotAllowed, "the session belongs to another caller");
}

absl::Status LifetimeUnattainable() {
  return Failure(
      Reason::kLifetimeUnattainable,
      "min_remaining_lifetime is out of reach: at most 0.9 of the lifetime that upstream "
      "grants can be asked for");
}

absl::Status DeadlinePassed() {
  return absl::DeadlineExceededError("the call's deadline passed; what it waited for goes on");
}

absl::Status ArrivedTooLate() {
  return Failure(Reason::kUpstreamUnavailable, "the token had ended when it arrived");
}

absl::Status TooManySessions() {
  return Failure(Reason::kOverloaded,
                 "there are as many sessions as max_sessions allows, and none is idle", kRoomPause);
}

absl::Status TooManyAccounts() {
  return Failure(Reason::kOverloaded, "too many accounts are remembered", kRoomPause);
}

absl::Status ConfigurationChanged() {
  return Failure(Reason::kUpstreamUnavailable, "the account's configuration has changed: ask again",
                 absl::ZeroDuration());
}

}  // namespace credbroker
