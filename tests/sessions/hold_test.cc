#include "service/sessions/hold.h"

#include <gtest/gtest.h>

namespace credbroker {
namespace {

const Instant kNow = Instant::FromBoot(absl::Hours(1));

TEST(HoldTest, NothingIsRefusedAtFirst) {
  const Hold hold;
  EXPECT_FALSE(hold.IsActive(kNow));
  EXPECT_FALSE(hold.Refusal(kNow, "").has_value());
}

TEST(HoldTest, Row6RejectionHoldsBackForFiveMinutesThenTen) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  EXPECT_EQ(RetryAfterOf(*hold.Refusal(kNow, "")), absl::Minutes(5));
  EXPECT_EQ(ReasonOf(*hold.Refusal(kNow, "")), Reason::kCredentialHeldBack);
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  EXPECT_EQ(RetryAfterOf(*hold.Refusal(kNow, "")), absl::Minutes(10));
}

TEST(HoldTest, HoldEndingExactlyNowIsOver) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  EXPECT_TRUE(hold.IsActive(kNow + absl::Minutes(5) - absl::Nanoseconds(1)));
  EXPECT_FALSE(hold.IsActive(kNow + absl::Minutes(5)));
}

TEST(HoldTest, ClearingForgetsThePastRejections) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  hold.Clear();
  EXPECT_FALSE(hold.IsActive(kNow));
  hold.Reject(kNow, Reason::kCredentialRejected, "");
  EXPECT_EQ(hold.until(), kNow + absl::Minutes(5));
}

TEST(HoldTest, AnotherPasswordOfACallerMayBeTriedButTheSameMayNot) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "first");
  EXPECT_TRUE(hold.Refusal(kNow, "first").has_value());
  EXPECT_FALSE(hold.Refusal(kNow, "second").has_value());
}

TEST(HoldTest, RejectedPasswordIsRememberedWhenAnotherIsRejected) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "first");
  hold.Reject(kNow, Reason::kCredentialRejected, "second");
  EXPECT_TRUE(hold.Refusal(kNow, "first").has_value());
}

TEST(HoldTest, OnePasswordRejectedOftenIsStillOnePassword) {
  Hold hold;
  for (int i = 0; i < 5; ++i) hold.Reject(kNow, Reason::kCredentialRejected, "first");
  EXPECT_FALSE(hold.Refusal(kNow, "second").has_value());
}

TEST(HoldTest, AfterThreeDistinctPasswordsNobodyMayGuessOn) {
  Hold hold;
  hold.Reject(kNow, Reason::kCredentialRejected, "first");
  hold.Reject(kNow, Reason::kCredentialRejected, "second");
  EXPECT_FALSE(hold.Refusal(kNow, "third").has_value());
  hold.Reject(kNow, Reason::kCredentialRejected, "third");
  EXPECT_TRUE(hold.Refusal(kNow, "fourth").has_value());
}

TEST(HoldTest, ForbiddenAccountIsHeldBackWhateverThePassword) {
  Hold hold;
  hold.Reject(kNow, Reason::kAccountForbidden, "first");
  EXPECT_TRUE(hold.Refusal(kNow, "second").has_value());
}

}  // namespace
}  // namespace credbroker
