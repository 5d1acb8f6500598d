#include "tests/fakes/manual_loop.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

TEST(ManualLoopTest, NothingRunsInsideTheCallThatMadeIt) {
  ManualLoop loop;
  std::vector<int> ran;
  loop.Post([&] {
    loop.Post([&] { ran.push_back(2); });
    loop.After(absl::ZeroDuration(), [&] { ran.push_back(3); });
    ran.push_back(1);
  });
  EXPECT_THAT(ran, ElementsAre());
  EXPECT_EQ(loop.RunPosted(), 2u);
  EXPECT_THAT(ran, ElementsAre(1, 2));
  loop.Advance(absl::ZeroDuration());
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(ManualLoopTest, TimersRunEachAtItsMoment) {
  ManualLoop loop;
  const Instant start = loop.Now();
  const absl::Time wall = loop.WallNow();
  std::vector<absl::Duration> moments;
  loop.After(absl::Seconds(3), [&] { moments.push_back(loop.Now() - start); });
  loop.After(absl::Seconds(1), [&] {
    moments.push_back(loop.Now() - start);
    loop.After(absl::Seconds(1), [&] { moments.push_back(loop.WallNow() - wall); });
  });
  EXPECT_EQ(loop.NextTimer(), start + absl::Seconds(1));
  loop.Advance(absl::Seconds(3) - absl::Nanoseconds(1));
  EXPECT_THAT(moments, ElementsAre(absl::Seconds(1), absl::Seconds(2)));
  loop.Advance(absl::Nanoseconds(1));
  EXPECT_THAT(moments, ElementsAre(absl::Seconds(1), absl::Seconds(2), absl::Seconds(3)));
  EXPECT_EQ(loop.timers(), 0u);
  EXPECT_EQ(loop.Now() - start, absl::Seconds(3));
}

TEST(ManualLoopTest, WallClockJumpsAlone) {
  ManualLoop loop;
  const Instant start = loop.Now();
  const absl::Time wall = loop.WallNow();
  loop.JumpWallClock(-absl::Hours(1));
  EXPECT_EQ(loop.Now(), start);
  EXPECT_EQ(loop.WallNow(), wall - absl::Hours(1));
}

TEST(ManualLoopTest, TimersThatWereSleptThroughRunLate) {
  ManualLoop loop;
  const Instant start = loop.Now();
  std::optional<Instant> ran;
  loop.After(absl::Seconds(1), [&] { ran = loop.Now(); });
  loop.SleepThrough(absl::Minutes(1));
  EXPECT_FALSE(ran.has_value());
  loop.Advance(absl::ZeroDuration());
  EXPECT_EQ(ran, start + absl::Minutes(1));
}

}  // namespace
}  // namespace credbroker
