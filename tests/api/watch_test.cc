#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

class WatchTest : public ApiFixture {
 protected:
  void ServeWithAge(absl::Duration age) {
    GrpcServerOptions options;
    options.max_connection_age = age;
    Serve(options);
  }
};

TEST_F(WatchTest, TheCurrentTokenComesFirstThenEachNewOne) {
  TokenWatch watch(*stub_);
  EXPECT_EQ(watch.NextToken(), "access-1");
  Step(absl::Seconds(201));
  const auto second = watch.Next();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->token().access_token(), "access-2");
  EXPECT_EQ(second->token().generation(), 2);
  Step(absl::Seconds(201));
  EXPECT_EQ(watch.NextToken(), "access-3");
}

TEST_F(WatchTest, AWatchEndsBeforeItsConnectionIsTooOld) {
  ServeWithAge(absl::Minutes(10));
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  // The middle of the spread: 95 % of the age.
  Step(absl::Minutes(9.5));
  const Refusal end = RefusalIn(watch.End());
  EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.reason, "DRAINING");
  EXPECT_EQ(end.retry_delay, absl::Seconds(1));
  EXPECT_EQ(Counted("WatchToken", "UNAVAILABLE"), 1);
}

TEST_F(WatchTest, WatchesOfOneMomentEndAtDifferentTimes) {
  ServeWithAge(absl::Minutes(10));
  random_.SetFraction(0);
  TokenWatch late(*stub_);
  ASSERT_EQ(late.NextToken(), "access-1");
  random_.SetFraction(0.9);
  TokenWatch early(*stub_);
  ASSERT_EQ(early.NextToken(), "access-1");
  Step(absl::Minutes(9.5));
  const Refusal end = RefusalIn(early.End());
  EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.retry_delay, absl::Seconds(1.4));
  random_.SetFraction(0);
  v1::RefreshRequest request;
  request.set_tenant("acme");
  ASSERT_TRUE(Refresh(request).ok());
  EXPECT_NE(late.NextToken(), "the end");
  Step(absl::Minutes(0.5));
  EXPECT_EQ(RefusalIn(late.End()).retry_delay, absl::Seconds(0.5));
}

// By gRPC's own clock: its grace must not cut a watch before the watch has ended by itself, however
// old the connection was when it began.
TEST_F(WatchTest, AWatchOnAnOldConnectionLivesToItsOwnEnd) {
  ServeWithAge(absl::Seconds(1));
  const auto channel = NewChannel();
  const auto stub = v1::CredentialBroker::NewStub(channel);
  for (int i = 0; i < 5; ++i) {
    TokenWatch watch(*stub);
    ASSERT_NE(watch.NextToken(), "the end");
    const Refusal end = RefusalIn(watch.End());
    EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(end.reason, "DRAINING") << end.message;
    EXPECT_TRUE(end.retry_delay.has_value());
  }
}

}  // namespace
}  // namespace credbroker
