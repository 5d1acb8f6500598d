// What the server offers besides its own API.

#include <unistd.h>

#include <string>
#include <vector>

#include "service/api/wire_message.h"
#include "tests/api/api_fixture.h"
#include "tests/ops/loopback_client.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

class ServerTest : public ApiFixture {
 protected:
  static constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
  static constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";
  static constexpr char kReflection[] =
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  static constexpr char kListServices[] = "\x3a\x01*";

  // What the health service says about a service: one byte, 1 for SERVING, 2 for NOT_SERVING.
  int Health(const std::string& request) {
    const auto outcome = CallRaw(kCheck, request);
    EXPECT_TRUE(outcome.ok()) << outcome.status.error_message();
    const grpc::Slice slice = Flatten(outcome.response);
    return slice.size() == 2 ? slice.begin()[1] : -1;
  }
};

TEST_F(ServerTest, HealthIsServingUntilTheDrainBegins) {
  const std::string kRequest = std::string("\x0a\x1e") + "credbroker.v1.CredentialBroker";
  EXPECT_EQ(Health(""), 1);
  EXPECT_EQ(Health(kRequest), 1);
  server_->BeginDrain();
  EXPECT_EQ(Health(""), 2);
  EXPECT_EQ(Health(kRequest), 2);
}

TEST_F(ServerTest, Row42AHealthWatchDoesNotHoldUpTheEnd) {
  const auto watch = StartRaw(kWatch, "");
  // It sees that connection, which was made later, so it sees the watch.
  ASSERT_EQ(Health(""), 1);
  EXPECT_FALSE(watch->done());
  server_->RefuseNew();
  server_->FinishCalls(absl::InfiniteDuration());
  server_.reset();
}

TEST_F(ServerTest, ReflectionIsOffUnlessAskedFor) {
  EXPECT_EQ(CallRaw(kReflection, kListServices).code(), grpc::StatusCode::UNIMPLEMENTED);
  GrpcServerOptions options;
  options.reflection = true;
  Serve(options);
  const auto outcome = CallRaw(kReflection, kListServices);
  ASSERT_TRUE(outcome.ok()) << outcome.status.error_message();
  EXPECT_THAT(std::string(ViewOf(Flatten(outcome.response))),
              HasSubstr("credbroker.v1.CredentialBroker"));
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(ServerTest, Row42WithReflectionTheServerEndsJustSo) {
  GrpcServerOptions options;
  options.reflection = true;
  Serve(options);
  ASSERT_TRUE(GetToken().ok());
  server_->RefuseNew();
  server_->FinishCalls(absl::InfiniteDuration());
  server_.reset();
}

TEST_F(ServerTest, AMethodThatIsNotOursIsUnimplemented) {
  EXPECT_EQ(CallRaw("StealToken", "").code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerTest, AnIpv6AddressIsWrittenInBrackets) {
  GrpcServerOptions options;
  options.host = "::1";
  Serve(options);
  EXPECT_THAT(server_->address(), ::testing::StartsWith("[::1]:"));
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(ServerTest, WhoeverIsNotOnThisMachineIsCutOffBeforeGrpcSaysAnything) {
  const int port = std::stoi(server_->address().substr(server_->address().rfind(':') + 1));
  const int stranger = ConnectToLoopbackFromOutside(port);
  if (stranger < 0) GTEST_SKIP() << "this machine has no address beside loopback's";
  // A server of HTTP/2 begins with its settings.
  char byte = 0;
  EXPECT_EQ(read(stranger, &byte, 1), 0);
  close(stranger);
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(ServerTest, AnAddressThatCannotBeHadIsRefused) {
  GrpcServerOptions options;
  options.host = "192.0.2.1";
  const auto server =
      GrpcServer::Start(options, {sessions_, metrics_, access_, loop_, random_, trail_, quotas_});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace credbroker
