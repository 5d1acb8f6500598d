#include "service/base/random.h"

#include <algorithm>
#include <set>
#include <string>

#include "gtest/gtest.h"

#include "tests/fakes/fake_random.h"

namespace credbroker {
namespace {

TEST(SystemRandomTest, GivesAsManyBytesAsAsked) {
  for (const size_t count : {0u, 1u, 18u, 1000u}) {
    EXPECT_EQ(SystemRandom().Bytes(count).size(), count);
  }
}

TEST(SystemRandomTest, NeverRepeatsItself) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(SystemRandom().Bytes(16));
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(SystemRandomTest, FractionIsSpreadFromZeroToOne) {
  double least = 1, most = 0;
  for (int i = 0; i < 1000; ++i) {
    const double fraction = SystemRandom().Fraction();
    ASSERT_GE(fraction, 0);
    ASSERT_LT(fraction, 1);
    least = std::min(least, fraction);
    most = std::max(most, fraction);
  }
  EXPECT_LT(least, 0.1);
  EXPECT_GT(most, 0.9);
}

TEST(FakeRandomTest, IsTheSameInEveryRunAndDiffersFromCallToCall) {
  FakeRandom a(7), b(7), c(8);
  const std::string first = a.Bytes(18);
  EXPECT_EQ(b.Bytes(18), first);
  EXPECT_NE(a.Bytes(18), first);
  EXPECT_NE(c.Bytes(18), first);
  a.SetFraction(0.25);
  EXPECT_EQ(a.Fraction(), 0.25);
}

}  // namespace
}  // namespace credbroker
