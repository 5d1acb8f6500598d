#include "service/main/listener_probe.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/ops/tcp_listener.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);
constexpr absl::Duration kShort = absl::Milliseconds(100);

absl::Status Probe(const std::string& address, bool tls = false, absl::Duration timeout = kLong) {
  return ProbeListener({address, tls}, timeout, [](const PeerAddress&) {});
}

// A server that knows no method but those of its health service.
class Server {
 public:
  explicit Server(const std::shared_ptr<grpc::ServerCredentials>& credentials,
                  const std::string& host = "127.0.0.1")
      : host_(host) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&any_);
    builder.AddListeningPort(host + ":0", credentials, &port_);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat(host_, ":", port_); }
  grpc::Server& server() { return *server_; }

 private:
  const std::string host_;
  grpc::CallbackGenericService any_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// It asks for certificates, of an authority that the probe knows nothing of.
std::shared_ptr<grpc::ServerCredentials> MutualTls() {
  const CertificateAuthority authority;
  const CertifiedKey own = authority.Issue({.alternative_names = {"DNS:elsewhere.example"}});
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_key_cert_pairs.push_back({own.key, own.certificate});
  options.pem_root_certs = authority.certificate();
  return grpc::SslServerCredentials(options);
}

TEST(ProbeListener, AServerThatAnswersIsThereWhateverItsHealth) {
  Server server(grpc::InsecureServerCredentials());
  EXPECT_EQ(Probe(server.address()), absl::OkStatus());
  server.server().GetHealthCheckService()->SetServingStatus(false);
  EXPECT_EQ(Probe(server.address()), absl::OkStatus());
  server.server().Shutdown();
  EXPECT_FALSE(Probe(server.address()).ok());
}

TEST(ProbeListener, AServerThatShakesHandsIsThereThoughItAsksForCertificates) {
  Server server(MutualTls());
  EXPECT_EQ(Probe(server.address(), /*tls=*/true), absl::OkStatus());
  server.server().Shutdown();
  EXPECT_FALSE(Probe(server.address(), /*tls=*/true).ok());
}

TEST(ProbeListener, AServerOfTheOtherKindIsNotTheOne) {
  Server plain(grpc::InsecureServerCredentials());
  EXPECT_FALSE(Probe(plain.address(), /*tls=*/true).ok());
  Server tls(MutualTls());
  EXPECT_FALSE(Probe(tls.address()).ok());
}

TEST(ProbeListener, AListenerThatNobodyServesIsNotEnough) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  const std::string address = absl::StrCat("127.0.0.1:", (*listener)->port());
  for (const bool tls : {false, true}) {
    EXPECT_EQ(Probe(address, tls, kShort).code(), absl::StatusCode::kDeadlineExceeded) << tls;
  }
}

TEST(ProbeListener, AServerOnAllAddressesIsAskedThroughLoopback) {
  for (const char* host : {"0.0.0.0", "[::]"}) {
    Server server(MutualTls(), host);
    EXPECT_EQ(Probe(server.address(), /*tls=*/true), absl::OkStatus()) << host;
  }
  Server named(grpc::InsecureServerCredentials(), "localhost");
  EXPECT_EQ(Probe(named.address()), absl::OkStatus());
}

TEST(ProbeListener, SaysBeforeWhereItComesFrom) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  PeerAddress announced;
  EXPECT_FALSE(ProbeListener({absl::StrCat("127.0.0.1:", (*listener)->port())}, kShort,
                             [&](const PeerAddress& from) { announced = from; })
                   .ok());
  const int fd = (*listener)->Accept();
  EXPECT_EQ(announced, PeerOf(fd));
  EXPECT_EQ(announced.host, "127.0.0.1");
  close(fd);
}

}  // namespace
}  // namespace credbroker
