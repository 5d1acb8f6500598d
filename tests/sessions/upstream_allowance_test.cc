#include "service/sessions/upstream_allowance.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr Instant kStart = Instant::FromBoot(absl::Seconds(100));

// How many exchanges the caller may start now.
int Spend(UpstreamAllowance& allowance, const std::string& caller, Instant now) {
  int spent = 0;
  while (spent < 100'000 && allowance.Charge(caller, now).ok()) ++spent;
  return spent;
}

TEST(UpstreamAllowance, WithoutARateThereIsNoLimit) {
  UpstreamAllowance allowance;
  EXPECT_EQ(Spend(allowance, "a", kStart), 100'000);
}

TEST(UpstreamAllowance, ABucketHoldsTenSecondsAndFillsByTheRate) {
  UpstreamAllowance allowance;
  allowance.SetRate(3);
  EXPECT_EQ(Spend(allowance, "a", kStart), 30);
  EXPECT_EQ(Spend(allowance, "a", kStart + absl::Seconds(1)), 3);
  EXPECT_EQ(Spend(allowance, "a", kStart + absl::Seconds(1.5)), 1);
  EXPECT_EQ(Spend(allowance, "a", kStart + absl::Hours(1)), 30);
}

TEST(UpstreamAllowance, SaysExactlyWhenTheNextExchangeIsFree) {
  UpstreamAllowance allowance;
  allowance.SetRate(4);
  Spend(allowance, "a", kStart);
  const absl::Status refused = allowance.Charge("a", kStart + absl::Milliseconds(100));
  EXPECT_EQ(ReasonOf(refused), Reason::kOverloaded);
  const absl::Duration wait = RetryAfterOf(refused).value_or(absl::ZeroDuration());
  EXPECT_LT(absl::AbsDuration(wait - absl::Milliseconds(150)), absl::Milliseconds(1));
  EXPECT_FALSE(allowance.Charge("a", kStart + absl::Milliseconds(249)).ok());
  EXPECT_TRUE(allowance.Charge("a", kStart + absl::Milliseconds(250)).ok());
}

TEST(UpstreamAllowance, CallersDoNotPayForEachOther) {
  UpstreamAllowance allowance;
  allowance.SetRate(1);
  EXPECT_EQ(Spend(allowance, "a", kStart), 10);
  EXPECT_EQ(Spend(allowance, "b", kStart), 10);
}

TEST(UpstreamAllowance, AnotherRateHoldsAtOnceAndTheSameOneChangesNothing) {
  UpstreamAllowance allowance;
  allowance.SetRate(1);
  EXPECT_EQ(Spend(allowance, "a", kStart), 10);
  allowance.SetRate(1);
  EXPECT_EQ(Spend(allowance, "a", kStart), 0);
  allowance.SetRate(2);
  EXPECT_EQ(Spend(allowance, "a", kStart), 20);
  allowance.SetRate(std::nullopt);
  EXPECT_TRUE(allowance.Charge("a", kStart).ok());
}

TEST(UpstreamAllowance, ForgettingCallersForgivesNone) {
  UpstreamAllowance allowance;
  allowance.SetRate(1);
  Spend(allowance, "spender", kStart);
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(allowance.Charge(absl::StrCat(i), kStart).ok());
  EXPECT_FALSE(allowance.Charge("spender", kStart).ok());
}

}  // namespace
}  // namespace credbroker
