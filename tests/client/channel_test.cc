#include "client/cli/channel.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

#include "service/ops/tcp_listener.h"
#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ChannelTest, HostAndPort) {
  for (const char* right : {"localhost:1", "broker.example:65535", "10.0.0.1:80", "[::1]:443",
                            "[fe80::1]:8443", "a_b-c:8443"}) {
    EXPECT_TRUE(IsHostAndPort(right)) << right;
  }
}

TEST(ChannelTest, LoopbackIsToldByTheAddressAlone) {
  for (const char* local : {"localhost:1", "127.0.0.1:1", "127.255.255.254:1", "[::1]:1"}) {
    EXPECT_TRUE(IsLoopback(local)) << local;
  }
  for (const char* remote : {"128.0.0.1:1", "0.0.0.0:1", "[::]:1", "127.evil.example:1",
                             "localhost.example:1", "10.0.0.1:1"}) {
    EXPECT_FALSE(IsLoopback(remote)) << remote;
  }
}

// A gRPC server that slams the door on as many connections as it is told to, then serves.
class ReluctantServer {
 public:
  explicit ReluctantServer(int refusals)
      : refusals_(refusals), listener_(*TcpListener::Open("127.0.0.1", 0)) {
    grpc::ServerBuilder builder;
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    accepting_ = std::thread([this] { Accept(); });
  }
  ~ReluctantServer() {
    listener_->Stop();
    accepting_.join();
    server_->Shutdown(std::chrono::system_clock::time_point());
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", listener_->port()); }
  int refused() const { return refused_; }

 private:
  void Accept() {
    for (int fd = listener_->Accept(); fd >= 0; fd = listener_->Accept()) {
      if (refused_ < refusals_) {
        ++refused_;
        close(fd);
        continue;
      }
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    }
  }

  const int refusals_;
  std::atomic<int> refused_ = 0;
  const std::unique_ptr<TcpListener> listener_;
  v1::CredentialBroker::Service service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::thread accepting_;
};

grpc_connectivity_state StateAfterConnect(const std::string& address, absl::Time deadline) {
  ConnectionOptions options;
  options.address = address;
  options.plaintext = true;
  const std::shared_ptr<grpc::Channel> channel = OpenChannel(options).value();
  Connect(*channel, deadline);
  return channel->GetState(/*try_to_connect=*/false);
}

TEST(ChannelTest, AFailedAttemptToConnectIsRepeatedForAMoment) {
  const ReluctantServer once(1);
  EXPECT_EQ(StateAfterConnect(once.address(), absl::InfiniteFuture()), GRPC_CHANNEL_READY);
  EXPECT_EQ(once.refused(), 1);
  const ReluctantServer always(1000);
  EXPECT_NE(StateAfterConnect(always.address(), absl::InfiniteFuture()), GRPC_CHANNEL_READY);
  EXPECT_GE(always.refused(), 2);
}

TEST(ChannelTest, ConnectingEndsAtTheDeadline) {
  // Takes connections, and says nothing.
  const std::unique_ptr<TcpListener> silent = *TcpListener::Open("127.0.0.1", 0);
  EXPECT_EQ(StateAfterConnect(absl::StrCat("127.0.0.1:", silent->port()), absl::Now()),
            GRPC_CHANNEL_CONNECTING);
}

TEST(ChannelTest, AFileThatIsMissingOrNotPemIsNamed) {
  const TemporaryFile no_pem("hunter2");
  ConnectionOptions options;
  options.ca_file = "/nonexistent/ca";
  EXPECT_THAT(std::string(OpenChannel(options).status().message()),
              HasSubstr("--ca /nonexistent/ca: No such file"));
  options.ca_file = no_pem.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()),
              AllOf(HasSubstr("--ca " + no_pem.path()), Not(HasSubstr("hunter2"))));
  options.ca_file = ::testing::TempDir();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("cannot be read"));
  options.ca_file.clear();
  options.cert_file = "/nonexistent/cert";
  options.key_file = no_pem.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("--cert"));
  const TemporaryFile certificate("-----BEGIN CERTIFICATE-----\n");
  options.cert_file = certificate.path();
  EXPECT_THAT(std::string(OpenChannel(options).status().message()), HasSubstr("--key"));
}

TEST(ChannelTest, TheBearerTokenIsOneWord) {
  ConnectionOptions options;
  EXPECT_EQ(ReadBearerToken(options).value(), "");
  const TemporaryFile good(" abc.def-123 \n");
  options.bearer_file = good.path();
  EXPECT_EQ(ReadBearerToken(options).value(), "abc.def-123");
  for (const std::string& text :
       {std::string("\n"), std::string("secret a"), std::string("secret\r\nx: y"),
        std::string("secret\x7f"), std::string("secret\0a", 8), std::string(8000, 's')}) {
    const TemporaryFile bad(text);
    options.bearer_file = bad.path();
    EXPECT_THAT(std::string(ReadBearerToken(options).status().message()),
                AllOf(HasSubstr("--bearer-file " + bad.path()), Not(HasSubstr("secret"))));
  }
}

}  // namespace
}  // namespace credbroker
