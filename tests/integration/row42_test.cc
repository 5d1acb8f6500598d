// Row 42: SIGTERM, from the outside.

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kServing = 1;
constexpr int kNotServing = 2;

// Calls that upstream takes its time for.
void SlowDown(const Deployment& deployment, const char* email, int milliseconds) {
  deployment.upstream().Arm({{"auth", {{"account", email}, {"latency_ms", milliseconds}}}});
}

// A stream of grpc.health.v1.Health/Watch that stays open, without generated code.
class HealthWatch {
 public:
  explicit HealthWatch(Caller& caller) : stub_(caller.channel()) {
    stream_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
    stream_->StartCall(nullptr);
    Complete();
    // HealthCheckRequest with an empty name has no bytes.
    stream_->WriteLast(grpc::ByteBuffer(nullptr, 0), {}, nullptr);
    Complete();
    grpc::ByteBuffer serving;
    stream_->Read(&serving, nullptr);
    EXPECT_TRUE(Complete());
  }
  ~HealthWatch() {
    context_.TryCancel();
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    Complete();
  }

 private:
  bool Complete() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

// A peer that connects and says nothing.
class SilentConnection {
 public:
  explicit SilentConnection(const std::string& address)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::atoi(&address[address.rfind(':') + 1])));
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  ~SilentConnection() { close(fd_); }

 private:
  const int fd_;
};

TEST(Row42, UnreadyButServingThenWatchesEndAndCallsFinish) {
  Deployment deployment({.server = "  drain_delay: 2s\n"});
  Caller caller = deployment.NewCaller();
  Watch watch(caller);
  ASSERT_TRUE(watch.Next().has_value());
  EXPECT_EQ(caller.Health(), kServing);
  EXPECT_EQ(deployment.Get("/readyz").status, 200);
  const std::string token = caller.GetToken().token.access_token();

  // A login that lasts until after the delay.
  SlowDown(deployment, kSecondEmail, 4000);
  Answer in_flight;
  absl::Time in_flight_ended;
  std::jthread slow([&] {
    in_flight = deployment.NewCaller().GetToken("second");
    in_flight_ended = absl::Now();
  });
  ASSERT_TRUE(Eventually([&] { return deployment.upstream().Calls("auth") == 2; }));

  deployment.broker().Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return caller.Health() == kNotServing; }));
  EXPECT_EQ(caller.Health("credbroker.v1.CredentialBroker"), kNotServing);
  const Deployment::Page unready = deployment.Get("/readyz");
  EXPECT_EQ(unready.status, 503);
  EXPECT_THAT(unready.body, HasSubstr("fail not-draining: "));
  // Everything is still served, on new connections too.
  EXPECT_EQ(deployment.NewCaller().GetToken().token.access_token(), token);
  EXPECT_TRUE(caller.Refresh().ok());
  const auto rotated = watch.Next();
  ASSERT_TRUE(rotated.has_value());
  EXPECT_EQ(rotated->token().generation(), 2u);

  EXPECT_FALSE(watch.Next().has_value());
  const absl::Time watch_ended = absl::Now();
  const Answer end = watch.End();
  EXPECT_EQ(end.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.reason, "DRAINING");
  EXPECT_TRUE(end.retry.has_value());
  EXPECT_EQ(Caller(deployment.address()).GetToken().status.error_code(),
            grpc::StatusCode::UNAVAILABLE);

  slow.join();
  EXPECT_TRUE(in_flight.ok()) << in_flight.Text();
  EXPECT_LT(watch_ended, in_flight_ended);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
  EXPECT_EQ(deployment.upstream().Calls("logout"), 0);
  EXPECT_TRUE(deployment.upstream().Accepts(rotated->token().access_token()));
  EXPECT_TRUE(deployment.upstream().Accepts(in_flight.token.access_token()));
}

TEST(Row42, IdlePeersDoNotHoldItUp) {
  Deployment deployment({.server = "  drain_grace: 10m\n"});
  Caller idle = deployment.NewCaller();
  ASSERT_TRUE(idle.GetToken().ok());
  const HealthWatch health(idle);
  const SilentConnection silent(deployment.address());
  deployment.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
}

TEST(Row42, ACallThatOutlastsTheGraceIsCutOff) {
  Deployment deployment({.server = "  drain_grace: 200ms\n"});
  SlowDown(deployment, kEmail, 8000);
  Answer in_flight;
  std::jthread slow([&] { in_flight = deployment.NewCaller().GetToken(); });
  ASSERT_TRUE(Eventually([&] { return deployment.upstream().Calls("auth") == 1; }));
  const absl::Time begin = absl::Now();
  deployment.broker().Signal(SIGTERM);
  slow.join();
  EXPECT_FALSE(in_flight.ok());
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(7));
}

// A logout that upstream has not heard of yet, some failures later.
void LogOutInVain(const Deployment& deployment) {
  Caller caller = deployment.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());
  deployment.upstream().Arm({{"logout", {{"status", 503}}}});
  EXPECT_FALSE(caller.Logout());
}

TEST(Row42, AWaitingLogoutIsToldUpstreamBeforeTheEnd) {
  Deployment deployment({.server = "  drain_grace: 10m\n", .tenant = "  request_timeout: 3s\n"});
  const std::string token = deployment.NewCaller().GetToken().token.access_token();
  LogOutInVain(deployment);
  deployment.upstream().Disarm();
  deployment.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
  EXPECT_FALSE(deployment.upstream().Accepts(token));
  EXPECT_THAT(deployment.broker().err(), Not(HasSubstr("revocation_lost")));
}

TEST(Row42, ALogoutThatUpstreamWasNotToldOfIsLostLoudly) {
  Deployment deployment({.server = "  drain_grace: 1s\n", .tenant = "  request_timeout: 3s\n"});
  LogOutInVain(deployment);
  deployment.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
  EXPECT_THAT(deployment.broker().err(),
              HasSubstr("\"event\":\"revocation_lost\",\"tenant\":\"demo\",\"account\":\"demo\""));
}

TEST(Row42, ASecondSignalChangesNothing) {
  Deployment deployment;
  SlowDown(deployment, kEmail, 1500);
  Answer in_flight;
  std::jthread slow([&] { in_flight = deployment.NewCaller().GetToken(); });
  ASSERT_TRUE(Eventually([&] { return deployment.upstream().Calls("auth") == 1; }));
  for (const int signal : {SIGTERM, SIGTERM, SIGINT, SIGHUP}) deployment.broker().Signal(signal);
  slow.join();
  EXPECT_TRUE(in_flight.ok()) << in_flight.Text();
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
}

TEST(Row42, ItEndsAtOnceWhenNothingIsInFlight) {
  Deployment deployment;
  EXPECT_TRUE(deployment.NewCaller().GetToken().ok());
  deployment.broker().Signal(SIGINT);
  EXPECT_EQ(deployment.broker().WaitForExit(absl::Seconds(10)).code, 0);
  EXPECT_THAT(deployment.broker().err(), HasSubstr("\"event\":\"stopped\""));
  EXPECT_EQ(deployment.upstream().Calls("logout"), 0);
}

}  // namespace
}  // namespace credbroker
