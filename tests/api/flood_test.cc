// One caller has only so many calls in flight (faults.md row 39).

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

class FloodTest : public ApiFixture {};

TEST_F(FloodTest, CallsBeyondTheLimitAreRefusedUntilOthersEndRow39) {
  quotas_.SetLimit(4);
  upstream_.Hold();
  std::vector<std::unique_ptr<PendingToken>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(StartGetToken(*stub_));
  ASSERT_TRUE(Eventually([&] { return upstream_.InFlight() == 1; }));
  // The calls come on threads of gRPC's, in no order.
  Outcome<v1::GetTokenResponse> refused;
  ASSERT_TRUE(Eventually([&] {
    refused = StartGetToken(*stub_, TokenRequest(), absl::Milliseconds(100))->Wait();
    return refused.code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
  }));
  EXPECT_EQ(refused.reason(), "OVERLOADED");
  EXPECT_TRUE(RefusalIn(refused.status).retry_delay.has_value());
  upstream_.Release();
  for (const auto& call : waiting) EXPECT_TRUE(call->Wait().ok());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(GetToken().ok());
}

TEST_F(FloodTest, AWatchIsACallInFlight) {
  quotas_.SetLimit(1);
  {
    TokenWatch watch(*stub_);
    ASSERT_TRUE(watch.Next().has_value());
    EXPECT_EQ(GetToken().reason(), "OVERLOADED");
  }
  EXPECT_TRUE(Eventually([&] { return GetToken().ok(); }));
}

TEST_F(FloodTest, WhoCallsInSequenceIsNeverRefused) {
  quotas_.SetLimit(1);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(GetToken().ok());
  v1::RefreshRequest refresh;
  refresh.set_tenant("acme");
  refresh.set_account("one");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Refresh(refresh).ok());
}

TEST_F(FloodTest, ARefusalIsCounted) {
  quotas_.SetLimit(1);
  TokenWatch watch(*stub_);
  ASSERT_TRUE(watch.Next().has_value());
  EXPECT_FALSE(GetToken().ok());
  EXPECT_EQ(Counted("GetToken", "RESOURCE_EXHAUSTED"), 1);
}

}  // namespace
}  // namespace credbroker
