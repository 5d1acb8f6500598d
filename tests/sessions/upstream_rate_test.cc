// How many exchanges one caller may start (faults.md row 39).

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class UpstreamRateTest : public SessionFixture {
 protected:
  // A bucket of ten.
  UpstreamRateTest() {
    manager_->SetUpstreamRate(1);
    loop_.RunPosted();
  }

  // Refreshes until the caller is refused; how many were made.
  int RefreshAs(const std::string& principal) {
    for (int made = 0; made < 1000; ++made) {
      const auto result = Refresh(std::nullopt, "one", As(principal));
      Settle();
      if (ReasonIn(result) == Reason::kOverloaded) return made;
      EXPECT_TRUE(StatusOf(result).ok());
    }
    return 1000;
  }
};

TEST_F(UpstreamRateTest, WhoFloodsIsRefusedAloneRow39) {
  GetToken("one", absl::ZeroDuration(), As("flooder"));
  Settle();
  EXPECT_EQ(RefreshAs("flooder"), 9);
  const size_t calls = upstream_.calls().size();
  const auto refused = Refresh(std::nullopt, "one", As("flooder"));
  EXPECT_EQ(ReasonIn(refused), Reason::kOverloaded);
  ASSERT_TRUE(RetryIn(refused).has_value());
  EXPECT_LE(*RetryIn(refused), absl::Seconds(1));
  EXPECT_EQ(upstream_.calls().size(), calls);
  // Nobody else is.
  EXPECT_EQ(RefreshAs("other"), 10);
}

TEST_F(UpstreamRateTest, WhatTheCallerHasIsStillServed) {
  GetToken("one", absl::ZeroDuration(), As("flooder"));
  Settle();
  RefreshAs("flooder");
  EXPECT_NE(Peek("one", absl::ZeroDuration(), As("flooder")), nullptr);
  EXPECT_TRUE(StatusOf(GetToken("one", absl::ZeroDuration(), As("flooder"))).ok());
}

TEST_F(UpstreamRateTest, WhoJoinsPaysNothing) {
  upstream_.Hold();
  std::vector<std::shared_ptr<Result>> results;
  for (int i = 0; i < 100; ++i) {
    results.push_back(GetToken("one", absl::ZeroDuration(), As(i == 0 ? "starter" : "joiner")));
  }
  upstream_.Release();
  Settle();
  for (const auto& result : results) EXPECT_TRUE(StatusOf(result).ok());
  EXPECT_EQ(RefreshAs("starter"), 9);
  EXPECT_EQ(RefreshAs("joiner"), 10);
}

TEST_F(UpstreamRateTest, TheBrokersOwnRefreshesAreNobodysCharge) {
  GetToken("one", absl::ZeroDuration(), As("caller"));
  Settle();
  RefreshAs("caller");
  const size_t calls = upstream_.calls().size();
  Advance(kRefreshDelay + absl::Seconds(1));
  EXPECT_GT(upstream_.calls().size(), calls);
}

TEST_F(UpstreamRateTest, LoginsArePaidForToo) {
  int made = 0;
  for (; made < 1000; ++made) {
    const auto result = Login(ForceNew(), "one", As("flooder"));
    Settle();
    if (ReasonIn(result) == Reason::kOverloaded) break;
  }
  EXPECT_EQ(made, 10);
  const auto other = Login(ForceNew(), "two", As("other"));
  Settle();
  EXPECT_TRUE(StatusOf(other).ok());
}

TEST_F(UpstreamRateTest, OfThoseWhoWaitForADiscardedExchangeTheOldestWhoCanPaysForTheNext) {
  GetToken("one", absl::ZeroDuration(), As("flooder"));
  Settle();
  RefreshAs("flooder");
  upstream_.Hold();
  const auto started = Refresh(std::nullopt, "one", As("starter"));
  Logout("one", As("starter"));
  const auto broke = GetToken("one", absl::ZeroDuration(), As("flooder"));
  const auto payer = GetToken("one", absl::ZeroDuration(), As("other"));
  upstream_.Release();
  Settle();
  EXPECT_EQ(ReasonIn(broke), Reason::kOverloaded);
  EXPECT_TRUE(StatusOf(payer).ok());
}

}  // namespace
}  // namespace credbroker
