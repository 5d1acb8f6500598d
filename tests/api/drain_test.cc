#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/cleanup/cleanup.h"

#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

class DrainTest : public ApiFixture {
 protected:
  static auto Soon() { return absl::ToChronoTime(SystemClock().Wall() + kPatience); }

  // A connection that never says anything.
  int ConnectSilently() const {
    const std::string address = server_->address();
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    return fd;
  }
};

TEST_F(DrainTest, Row42CallsInFlightFinish) {
  upstream_.Hold();
  const auto call = StartGetToken(*stub_);
  ASSERT_TRUE(Eventually([&] { return upstream_.InFlight() == 1; }));
  server_->RefuseNew();
  std::thread finishing([&] { server_->FinishCalls(absl::InfiniteDuration()); });
  EXPECT_FALSE(call->done());
  upstream_.Release();
  const auto outcome = call->Wait();
  EXPECT_TRUE(outcome.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.response.token().access_token(), "access-1");
  finishing.join();
}

TEST_F(DrainTest, Row42IdleConnectionsAreAskedToLeave) {
  const auto channel = NewChannel();
  ASSERT_TRUE(channel->WaitForConnected(Soon()));
  server_->RefuseNew();
  EXPECT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY, Soon()));
}

// Not even while another call keeps the connection open.
TEST_F(DrainTest, Row42ABusyConnectionIsAskedToLeaveToo) {
  const auto channel = NewChannel();
  const auto stub = v1::CredentialBroker::NewStub(channel);
  upstream_.Hold();
  const auto call = StartGetToken(*stub);
  ASSERT_TRUE(Eventually([&] { return upstream_.InFlight() == 1; }));
  server_->RefuseNew();
  EXPECT_TRUE(channel->WaitForStateChange(GRPC_CHANNEL_READY, Soon()));
  EXPECT_FALSE(call->done());
  upstream_.Release();
  EXPECT_TRUE(call->Wait().ok());
}

TEST_F(DrainTest, Row42WatchesEndWithUnavailableAndRetryInfo) {
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  server_->RefuseNew();
  const Refusal end = RefusalIn(watch.End());
  EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.reason, "DRAINING");
  ASSERT_TRUE(end.retry_delay.has_value());
  EXPECT_EQ(*end.retry_delay, absl::Seconds(1)) << "the middle of the spread";
  server_->FinishCalls(absl::InfiniteDuration());
}

TEST_F(DrainTest, Row42NobodyIdleHoldsUpTheEnd) {
  const auto channel = NewChannel();
  ASSERT_TRUE(channel->WaitForConnected(Soon()));
  const int silent = ConnectSilently();
  const absl::Cleanup close_silent = [silent] { close(silent); };
  server_->RefuseNew();
  server_->FinishCalls(absl::InfiniteDuration());
  server_.reset();
}

TEST_F(DrainTest, Row42NewConnectionsAreRefused) {
  ASSERT_TRUE(GetToken().ok());
  server_->RefuseNew();
  const auto stub = NewStub();
  EXPECT_EQ(StartGetToken(*stub)->Wait().code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(DrainTest, Row42EverythingIsServedUntilNewIsRefused) {
  server_->BeginDrain();
  EXPECT_TRUE(GetToken().ok());
  TokenWatch watch(*stub_);
  EXPECT_EQ(watch.NextToken(), "access-1");
}

TEST_F(DrainTest, Row42WhoeverIsLeftAfterTheGraceIsCutOff) {
  upstream_.Hold();
  const auto call = StartGetToken(*stub_);
  ASSERT_TRUE(Eventually([&] { return upstream_.InFlight() == 1; }));
  server_->RefuseNew();
  server_->FinishCalls(absl::ZeroDuration());
  EXPECT_FALSE(call->Wait().ok());
}

// Callers that ask without a pause, so that calls are under way in every moment of the drain, and
// heed RetryInfo.
TEST_F(DrainTest, Row42ACallIsServedOrToldToWait) {
  ASSERT_TRUE(GetToken().ok());
  std::atomic<int> served = 0;
  std::vector<std::thread> callers;
  std::vector<grpc::Status> ends(8);
  for (grpc::Status& end : ends) {
    callers.emplace_back([&] {
      const auto stub = NewStub();
      for (end = grpc::Status::OK; end.ok(); ++served) {
        grpc::ClientContext context;
        v1::GetTokenResponse response;
        end = stub->GetToken(&context, TokenRequest(), &response);
      }
    });
  }
  ASSERT_TRUE(Eventually([&] { return served > 1000; }));
  server_->RefuseNew();
  for (std::thread& caller : callers) caller.join();
  for (const grpc::Status& end : ends) {
    const Refusal refusal = RefusalIn(end);
    EXPECT_EQ(refusal.code, grpc::StatusCode::UNAVAILABLE) << refusal.message;
    EXPECT_EQ(refusal.reason, "DRAINING") << refusal.message;
    EXPECT_EQ(refusal.retry_delay, absl::Seconds(1));
  }
  EXPECT_EQ(Counted("GetToken", "UNAVAILABLE"), static_cast<int>(ends.size()));
}

}  // namespace
}  // namespace credbroker
