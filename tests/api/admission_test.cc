#include "service/api/admission.h"

#include "gtest/gtest.h"

namespace credbroker {
namespace {

Instant At(double seconds) { return Instant::FromBoot(absl::Seconds(seconds)); }

TEST(CancellationCodeTest, WhoeverGivesUpInTheLastTenthOfItsTimeHadADeadline) {
  const auto code = [](double now) { return CancellationCode(At(100), At(110), At(now)); };
  EXPECT_EQ(code(100), absl::StatusCode::kCancelled);
  EXPECT_EQ(code(108.999), absl::StatusCode::kCancelled);
  EXPECT_EQ(code(109), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(110), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(120), absl::StatusCode::kDeadlineExceeded);
}

TEST(CancellationCodeTest, WhoeverHasNoDeadlineHasGone) {
  EXPECT_EQ(CancellationCode(At(100), Instant::InfiniteFuture(), At(1e9)),
            absl::StatusCode::kCancelled);
}

TEST(CancellationCodeTest, ADeadlineThatHadPassedFromTheStartIsOne) {
  EXPECT_EQ(CancellationCode(At(100), At(99), At(100)), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace credbroker
