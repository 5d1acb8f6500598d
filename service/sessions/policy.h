#ifndef CREDBROKER_SERVICE_SESSIONS_POLICY_H_
#define CREDBROKER_SERVICE_SESSIONS_POLICY_H_

#include <cstddef>
#include <optional>

#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/model/session.h"

namespace credbroker {

// How sessions are kept. The defaults are the configuration's.
struct SessionPolicy {
  // The share of a token's lifetime after which it is refreshed, 0 to 1. If unset: 0.8, or 0.67 for
  // lifetimes under 10 minutes.
  std::optional<double> refresh_at;
  // Refreshes at once, per tenant.
  int refresh_concurrency = 64;
  // Exchanges with upstream at once, overall.
  int upstream_concurrency = 2048;
  size_t max_sessions = 100'000;
  // A session that nobody asked for this long is no longer refreshed ahead.
  absl::Duration idle_timeout = absl::Hours(24);

  friend bool operator==(const SessionPolicy&, const SessionPolicy&) = default;
};

// When a token of this lifetime is due to be refreshed, counted from when it was issued. `jitter`
// in [0, 1) spreads it by ±10 %; it is drawn once per token. At least half a second, though the
// token may have ended by then: upstream's lifetimes must not drive the broker to ask without a
// pause.
absl::Duration RefreshDelay(const SessionPolicy& policy, absl::Duration lifetime, double jitter);

// Whether a call may ask that `min_remaining` of a lifetime be left: up to 0.9 of it, since a token
// must be able to age.
bool IsAttainable(absl::Duration min_remaining, absl::Duration lifetime);

// How long before its true end a token stops counting as live: min(5 s, lifetime ÷ 10).
absl::Duration Slack(absl::Duration lifetime);

// Whether the session should have been refreshed by now. That is more than late: a refresh that is
// on its way takes a moment.
bool IsOverdue(const Session& session, Instant now);

// How long to wait after the `failures`-th transient failure in a row (1 or more): full jitter
// below 1 s, 2 s, 4 s … 60 s, but never less than `at_least`.
absl::Duration Backoff(int failures, double jitter, absl::Duration at_least);

// How long a credential is held back after its `rejections`-th rejection in a row (1 or more): 5
// min, doubling to 6 h.
absl::Duration HoldBack(int rejections);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_POLICY_H_
