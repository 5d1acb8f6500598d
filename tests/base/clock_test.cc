#include "service/base/clock.h"

#include <type_traits>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

// Mixing the clocks up does not compile.
static_assert(!std::is_convertible_v<absl::Time, Instant>);
static_assert(!std::is_convertible_v<absl::Duration, Instant>);
static_assert(!std::is_convertible_v<Instant, absl::Time>);

TEST(ClockTest, InstantsCompareAndSubtract) {
  const Instant a = Instant::FromBoot(absl::Seconds(1));
  const Instant b = a + absl::Seconds(2);
  EXPECT_LT(a, b);
  EXPECT_LE(a, a);
  EXPECT_GT(b, a);
  EXPECT_EQ(b - a, absl::Seconds(2));
  EXPECT_EQ(b - absl::Seconds(2), a);
  EXPECT_LT(b, Instant::InfiniteFuture());
  EXPECT_LT(Instant::InfinitePast(), Instant());
}

TEST(ClockTest, SystemClockTellsTheTime) {
  const Instant before = SystemClock().Steady();
  EXPECT_GT(before, Instant());
  EXPECT_GE(SystemClock().Steady(), before);
  EXPECT_LT(absl::AbsDuration(SystemClock().Wall() - absl::Now()), absl::Seconds(5));
}

}  // namespace
}  // namespace credbroker
