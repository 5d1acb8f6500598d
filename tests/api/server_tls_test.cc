// Whom the TLS listener lets in, and with what it shows itself.

#include "service/api/server_tls.h"

#include <memory>
#include <string>

#include "absl/time/clock.h"

#include "tests/api/api_fixture.h"
#include "tests/api/tls_peer.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

TlsBundle Bundle(const CertifiedKey& own, const std::string& client_ca) {
  auto bundle = TlsBundle::Parse({own.certificate, Secret::Copy(own.key), client_ca}, absl::Now());
  EXPECT_TRUE(bundle.ok()) << bundle.status();
  return *std::move(bundle);
}

class ServerTlsTest : public ApiFixture {
 protected:
  ServerTlsTest() { ServeTls(client_ca_.certificate()); }

  void ServeTls(const std::string& client_ca, bool tokens_are_taken = false) {
    tls_ = std::make_shared<ServerTls>(Bundle(own_, client_ca), tokens_are_taken);
    GrpcServerOptions options;
    options.tls = tls_;
    Serve(options);
  }

  CertifiedKey NewOwn() const {
    return server_ca_.Issue({.alternative_names = {"IP:127.0.0.1", "DNS:localhost"}});
  }
  TlsPeer Peer(const CertifiedKey& own = {}) const { return {server_ca_.certificate(), own}; }
  TlsPeer KnownPeer() const { return Peer(client_ca_.Issue({.common_name = "caller"})); }

  int port() const {
    const std::string address = server_->address();
    return std::stoi(address.substr(address.rfind(':') + 1));
  }
  TlsHandshake Shake(const TlsPeer& peer) const { return ShakeHands(port(), peer); }

  const CertificateAuthority server_ca_{{.common_name = "servers", .is_ca = true}};
  const CertificateAuthority client_ca_{{.common_name = "callers", .is_ca = true}};
  const CertifiedKey own_ = NewOwn();
  std::shared_ptr<ServerTls> tls_;
};

TEST_F(ServerTlsTest, ACallerWithACertificateIsAnswered) {
  const grpc::Status status = CheckHealth(TlsChannel(server_->address(), KnownPeer()));
  EXPECT_TRUE(status.ok()) << status.error_message();
  const TlsHandshake handshake = Shake(KnownPeer());
  EXPECT_EQ(handshake.failure, "");
  EXPECT_EQ(handshake.serial, SerialOf(own_.certificate));
}

TEST_F(ServerTlsTest, ACallerBelowAnIntermediateIsAnswered) {
  const CertificateAuthority between =
      client_ca_.IssueAuthority({.common_name = "between", .is_ca = true});
  EXPECT_EQ(Shake(Peer(between.Issue({}))).failure, "");
}

TEST_F(ServerTlsTest, Row34WithoutACertificateThereIsNoConnection) {
  EXPECT_THAT(Shake(Peer()).failure, HasSubstr("read: "));
  TlsPeer old = Peer();
  old.max_version = TLS1_2_VERSION;
  EXPECT_THAT(Shake(old).failure, HasSubstr("handshake: "));
  EXPECT_EQ(CheckHealth(TlsChannel(server_->address(), Peer())).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTlsTest, Row34ACertificateThatNobodyVouchesForIsRefused) {
  const CertificateAuthority stranger{{.common_name = "callers", .is_ca = true}};
  EXPECT_THAT(Shake(Peer(stranger.Issue({}))).failure, HasSubstr("read: "));
  EXPECT_EQ(CheckHealth(TlsChannel(server_->address(), Peer(stranger.Issue({})))).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  // The authority of the server's own certificate is no one's voucher.
  EXPECT_NE(Shake(Peer(server_ca_.Issue({}))).failure, "");
  // Nor is a caller that of another.
  const CertificateAuthority posing = client_ca_.IssueAuthority({.common_name = "no authority"});
  EXPECT_NE(Shake(Peer(posing.Issue({}))).failure, "");
}

TEST_F(ServerTlsTest, Row34ACertificateOutOfItsTimeIsRefused) {
  EXPECT_NE(Shake(Peer(client_ca_.Issue(
                      {.valid_from = -absl::Hours(2), .valid_until = -absl::Minutes(1)})))
                .failure,
            "");
  EXPECT_NE(Shake(Peer(client_ca_.Issue(
                      {.valid_from = absl::Minutes(30), .valid_until = absl::Hours(1)})))
                .failure,
            "");
}

TEST_F(ServerTlsTest, Tls12AtLeast) {
  TlsPeer peer = KnownPeer();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    peer.min_version = peer.max_version = version;
    EXPECT_EQ(Shake(peer).failure, "") << version;
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    peer.min_version = peer.max_version = version;
    EXPECT_THAT(Shake(peer).failure, HasSubstr("handshake: ")) << version;
  }
}

TEST_F(ServerTlsTest, PlaintextIsNotAnswered) {
  EXPECT_EQ(CheckHealth(NewChannel()).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTlsTest, WhereTokensAreTakenACertificateIsOptionalButVerified) {
  ServeTls(client_ca_.certificate(), /*tokens_are_taken=*/true);
  EXPECT_EQ(tls_->client_certificates(), ClientCertificates::kOptional);
  EXPECT_EQ(Shake(Peer()).failure, "");
  EXPECT_EQ(Shake(KnownPeer()).failure, "");
  EXPECT_NE(Shake(Peer(CertificateAuthority().Issue({}))).failure, "");
}

TEST_F(ServerTlsTest, WithoutAuthoritiesNoCertificateIsAskedFor) {
  ServeTls("");
  EXPECT_EQ(tls_->client_certificates(), ClientCertificates::kNotAsked);
  EXPECT_EQ(Shake(Peer()).failure, "");
  EXPECT_EQ(Shake(Peer(CertificateAuthority().Issue({}))).failure, "");
}

TEST_F(ServerTlsTest, TheNextHandshakeShowsTheNewCertificate) {
  const CertifiedKey next = NewOwn();
  ASSERT_TRUE(tls_->Replace(Bundle(next, client_ca_.certificate())).ok());
  EXPECT_EQ(Shake(KnownPeer()).serial, SerialOf(next.certificate));
}

TEST_F(ServerTlsTest, TheNextHandshakeAsksTheNewAuthorities) {
  const CertificateAuthority next;
  const TlsPeer former = KnownPeer();
  const TlsPeer latter = Peer(next.Issue({}));
  ASSERT_TRUE(tls_->Replace(Bundle(own_, client_ca_.certificate() + next.certificate())).ok());
  EXPECT_EQ(Shake(former).failure, "");
  EXPECT_EQ(Shake(latter).failure, "");
  ASSERT_TRUE(tls_->Replace(Bundle(own_, next.certificate())).ok());
  EXPECT_NE(Shake(former).failure, "");
  EXPECT_EQ(Shake(latter).failure, "");
}

// A ticket stands for a verification that may not hold any more.
TEST_F(ServerTlsTest, ASessionDoesNotOutliveItsAuthorities) {
  const TlsPeer former = KnownPeer();
  const TlsHandshake first = Shake(former);
  ASSERT_EQ(first.failure, "");
  ASSERT_NE(first.session, nullptr);
  const CertificateAuthority next;
  ASSERT_TRUE(tls_->Replace(Bundle(own_, next.certificate())).ok());
  const TlsHandshake second = ShakeHands(port(), former, first.session.get());
  EXPECT_NE(second.failure, "");
  EXPECT_FALSE(second.resumed);
}

TEST_F(ServerTlsTest, Row33BadSetsLeaveTheLastGoodOneInForce) {
  const CertifiedKey next = NewOwn();
  const std::string ca = client_ca_.certificate();
  const struct {
    std::string certificates, key, client_ca;
  } kBad[] = {{next.certificate, own_.key, ca},
              {"", next.key, ca},
              {next.certificate, "", ca},
              {next.certificate, next.key, "\n"},
              {next.certificate, next.key, ca + ca.substr(0, ca.size() / 2)},
              {next.certificate.substr(0, 100), next.key, ca}};
  for (const auto& bad : kBad) {
    auto bundle =
        TlsBundle::Parse({bad.certificates, Secret::Copy(bad.key), bad.client_ca}, absl::Now());
    EXPECT_FALSE(bundle.ok());
    if (bundle.ok()) tls_->Replace(*std::move(bundle)).IgnoreError();
    EXPECT_EQ(Shake(KnownPeer()).serial, SerialOf(own_.certificate));
    EXPECT_NE(Shake(Peer()).failure, "");
  }
}

TEST_F(ServerTlsTest, Row33AuthoritiesAreNeitherAddedNorTakenAwayWhileServing) {
  EXPECT_EQ(tls_->Replace(Bundle(NewOwn(), "")).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Shake(Peer()).failure, "");
  EXPECT_EQ(Shake(KnownPeer()).serial, SerialOf(own_.certificate));
  ServeTls("");
  EXPECT_EQ(tls_->Replace(Bundle(own_, client_ca_.certificate())).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Shake(Peer()).failure, "");
}

}  // namespace
}  // namespace credbroker
