#include "service/sessions/policy.h"

#include <gtest/gtest.h>

namespace credbroker {
namespace {

constexpr double kMiddle = 0.5;

TEST(PolicyTest, LifetimesUnderTenMinutesAreRefreshedAtTwoThirds) {
  EXPECT_EQ(RefreshDelay({}, absl::Seconds(100), kMiddle), absl::Seconds(67));
  EXPECT_EQ(RefreshDelay({}, absl::Minutes(10) - absl::Seconds(1), kMiddle),
            absl::Seconds(599) * 0.67);
}

TEST(PolicyTest, LifetimesOfTenMinutesAreRefreshedAtFourFifths) {
  EXPECT_EQ(RefreshDelay({}, absl::Minutes(10), kMiddle), absl::Minutes(8));
}

TEST(PolicyTest, ConfiguredShareReplacesBoth) {
  SessionPolicy policy;
  policy.refresh_at = 0.5;
  EXPECT_EQ(RefreshDelay(policy, absl::Minutes(1), kMiddle), absl::Seconds(30));
  EXPECT_EQ(RefreshDelay(policy, absl::Hours(1), kMiddle), absl::Minutes(30));
}

TEST(PolicyTest, JitterSpreadsByATenthEitherWay) {
  const absl::Duration lifetime = absl::Minutes(100);
  EXPECT_EQ(RefreshDelay({}, lifetime, 0.0), absl::Minutes(72));
  EXPECT_GT(RefreshDelay({}, lifetime, 0.999), absl::Minutes(87));
  EXPECT_LE(RefreshDelay({}, lifetime, 0.999), absl::Minutes(88));
}

TEST(PolicyTest, RefreshIsNeverDueAfterTheTokenStopsBeingLive) {
  SessionPolicy policy;
  policy.refresh_at = 0.95;
  for (const absl::Duration lifetime : {absl::Seconds(10), absl::Minutes(5), absl::Hours(24)}) {
    EXPECT_LE(RefreshDelay(policy, lifetime, 0.999), lifetime - Slack(lifetime));
  }
}

TEST(PolicyTest, RefreshIsNeverDueBeforeHalfASecond) {
  EXPECT_EQ(RefreshDelay({}, absl::Milliseconds(50), kMiddle), absl::Milliseconds(500));
  EXPECT_EQ(RefreshDelay({}, absl::Seconds(1), kMiddle), absl::Milliseconds(670));
}

TEST(PolicyTest, SlackIsATenthUpToFiveSeconds) {
  EXPECT_EQ(Slack(absl::Seconds(10)), absl::Seconds(1));
  EXPECT_EQ(Slack(absl::Seconds(50)), absl::Seconds(5));
  EXPECT_EQ(Slack(absl::Hours(24)), absl::Seconds(5));
}

TEST(PolicyTest, BackoffDoublesToAMinuteWithFullJitter) {
  EXPECT_EQ(Backoff(1, 0.5, absl::ZeroDuration()), absl::Milliseconds(500));
  EXPECT_EQ(Backoff(2, 0.5, absl::ZeroDuration()), absl::Seconds(1));
  EXPECT_EQ(Backoff(6, 0.5, absl::ZeroDuration()), absl::Seconds(16));
  EXPECT_EQ(Backoff(7, 0.5, absl::ZeroDuration()), absl::Seconds(30));
  EXPECT_EQ(Backoff(1000, 0.5, absl::ZeroDuration()), absl::Seconds(30));
  EXPECT_EQ(Backoff(5, 0.0, absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(PolicyTest, BackoffIsNeverShorterThanUpstreamAsked) {
  EXPECT_EQ(Backoff(1, 0.5, absl::Seconds(60)), absl::Seconds(60));
}

TEST(PolicyTest, Row6HoldBackDoublesFromFiveMinutesToSixHours) {
  EXPECT_EQ(HoldBack(1), absl::Minutes(5));
  EXPECT_EQ(HoldBack(2), absl::Minutes(10));
  EXPECT_EQ(HoldBack(7), absl::Minutes(320));
  EXPECT_EQ(HoldBack(8), absl::Hours(6));
  EXPECT_EQ(HoldBack(1000), absl::Hours(6));
}

}  // namespace
}  // namespace credbroker
