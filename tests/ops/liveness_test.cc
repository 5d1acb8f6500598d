#include "service/ops/liveness.h"

#include <thread>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

constexpr Instant kStart = Instant::FromBoot(absl::Seconds(100));
constexpr absl::Duration kPause = absl::Seconds(1);

TEST(Liveness, CountsFailuresInARow) {
  bool works = true;
  Liveness liveness([&] { return works ? absl::OkStatus() : absl::UnavailableError(""); },
                    absl::ZeroDuration());
  EXPECT_EQ(liveness.FailuresInARow(kStart), 0);
  works = false;
  EXPECT_EQ(liveness.FailuresInARow(kStart), 1);
  EXPECT_EQ(liveness.FailuresInARow(kStart), 2);
  works = true;
  EXPECT_EQ(liveness.FailuresInARow(kStart), 0);
  works = false;
  EXPECT_EQ(liveness.FailuresInARow(kStart), 1);
}

TEST(Liveness, WithoutAProbeThereIsNoFailure) {
  Liveness liveness(nullptr, kPause);
  EXPECT_EQ(liveness.FailuresInARow(kStart), 0);
}

TEST(Liveness, AsksAgainExactlyAfterThePauseAndTellsTheLastVerdictMeanwhile) {
  int probes = 0;
  Liveness liveness(
      [&] {
        ++probes;
        return absl::UnavailableError("");
      },
      kPause);
  EXPECT_EQ(liveness.FailuresInARow(kStart), 1);
  EXPECT_EQ(liveness.FailuresInARow(kStart), 1);
  EXPECT_EQ(liveness.FailuresInARow(kStart + kPause - absl::Nanoseconds(1)), 1);
  EXPECT_EQ(probes, 1);
  EXPECT_EQ(liveness.FailuresInARow(kStart + kPause), 2);
  EXPECT_EQ(probes, 2);
}

TEST(Liveness, WhoAsksWhileAProbeRunsDoesNotWaitForIt) {
  absl::Notification begun, go_on;
  Liveness liveness(
      [&] {
        begun.Notify();
        go_on.WaitForNotification();
        return absl::DeadlineExceededError("");
      },
      absl::ZeroDuration());
  std::thread slow([&] { EXPECT_EQ(liveness.FailuresInARow(kStart), 1); });
  begun.WaitForNotification();
  EXPECT_EQ(liveness.FailuresInARow(kStart + kPause), 0);
  go_on.Notify();
  slow.join();
}

}  // namespace
}  // namespace credbroker
