#include "service/sessions/policy.h"

#include <algorithm>

namespace credbroker {
namespace {

constexpr double kRefreshAt = 0.8;
constexpr double kRefreshAtWhenShort = 0.67;
constexpr absl::Duration kShortLifetime = absl::Minutes(10);
// However short-lived its tokens, an upstream is not asked for the next one more often than this
// unless a caller waits for it.
constexpr absl::Duration kShortestDelay = absl::Milliseconds(500);
constexpr double kJitter = 0.1;
constexpr absl::Duration kLongestSlack = absl::Seconds(5);
constexpr double kMostOfLifetime = 0.9;
constexpr absl::Duration kFirstBackoff = absl::Seconds(1);
constexpr absl::Duration kLongestBackoff = absl::Minutes(1);
constexpr absl::Duration kFirstHoldBack = absl::Minutes(5);
constexpr absl::Duration kLongestHoldBack = absl::Hours(6);

// `first`, doubled for each attempt after the first, up to `longest`.
absl::Duration Doubling(absl::Duration first, absl::Duration longest, int attempts) {
  absl::Duration wait = first;
  for (int i = 1; i < attempts && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

}  // namespace

absl::Duration RefreshDelay(const SessionPolicy& policy, absl::Duration lifetime, double jitter) {
  const double share =
      policy.refresh_at.value_or(lifetime < kShortLifetime ? kRefreshAtWhenShort : kRefreshAt);
  const double spread = 1 + kJitter * (2 * jitter - 1);
  return std::max(kShortestDelay,
                  std::min(lifetime * (share * spread), lifetime - Slack(lifetime)));
}

bool IsAttainable(absl::Duration min_remaining, absl::Duration lifetime) {
  return min_remaining <= lifetime * kMostOfLifetime;
}

absl::Duration Slack(absl::Duration lifetime) { return std::min(kLongestSlack, lifetime / 10); }

bool IsOverdue(const Session& session, Instant now) {
  return now >= session.refresh_due + Slack(session.lifetime);
}

absl::Duration Backoff(int failures, double jitter, absl::Duration at_least) {
  return std::max(at_least, Doubling(kFirstBackoff, kLongestBackoff, failures) * jitter);
}

absl::Duration HoldBack(int rejections) {
  return Doubling(kFirstHoldBack, kLongestHoldBack, rejections);
}

}  // namespace credbroker
