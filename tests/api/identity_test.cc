#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/api/server_tls.h"
#include "tests/api/api_fixture.h"
#include "tests/api/tls_peer.h"
#include "tests/api/token_watch.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

constexpr absl::Duration kTokenLifetime = absl::Seconds(100);

// "good" is a token of "k8s:a/b", for a while yet.
class OneToken : public BearerTokens {
 public:
  absl::StatusOr<Caller> Verify(absl::string_view token, absl::Time now) const override {
    if (token != "good") return Failure(Reason::kCallerUnidentified, "the token does not count");
    return Caller{{"k8s:a/b"}, "", now + kTokenLifetime};
  }
};

class IdentityTest : public ApiFixture {
 protected:
  IdentityTest() {
    bearer_tokens_ = &tokens_;
    Serve({});
  }

  Outcome<v1::GetTokenResponse> GetTokenWith(const std::vector<std::string>& authorization) {
    grpc::ClientContext context;
    for (const std::string& sent : authorization) context.AddMetadata("authorization", sent);
    Outcome<v1::GetTokenResponse> outcome;
    outcome.status = stub_->GetToken(&context, TokenRequest(), &outcome.response);
    return outcome;
  }

  const OneToken tokens_;
};

TEST_F(IdentityTest, Row35TokenThatDoesNotCountIsRefusedWhetherOrNotThereIsAHit) {
  for (int i = 0; i < 2; ++i) {
    const Refusal refusal = RefusalIn(GetTokenWith({"Bearer bad"}).status);
    EXPECT_EQ(refusal.code, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(refusal.reason, "CALLER_UNIDENTIFIED");
    EXPECT_EQ(GetTokenWith({"Bearer good", "Bearer good"}).status.error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(GetTokenWith({"Bearer good"}).response.token().access_token(), "access-1");
  }
}

TEST_F(IdentityTest, EachCallOfAConnectionShowsItsOwnToken) {
  EXPECT_TRUE(GetTokenWith({"Bearer good"}).status.ok());
  EXPECT_FALSE(GetTokenWith({"Bearer bad"}).status.ok());
  EXPECT_TRUE(GetTokenWith({}).status.ok());
}

TEST_F(IdentityTest, WatchEndsWhenTheTokenThatOpenedItExpires) {
  TokenWatch watch(*stub_, "one", "acme", "Bearer good");
  TokenWatch other(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  ASSERT_EQ(other.NextToken(), "access-1");
  Step(kTokenLifetime);
  const Refusal refusal = RefusalIn(watch.End());
  EXPECT_EQ(refusal.code, grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(refusal.reason, "CALLER_UNIDENTIFIED");
  // It goes on for whom nothing expires.
  Step(absl::Seconds(101));
  EXPECT_EQ(other.NextToken(), "access-2");
}

TlsBundle OwnBundle(const CertificateAuthority& servers, const CertificateAuthority& callers) {
  const CertifiedKey own = servers.Issue({.alternative_names = {"IP:127.0.0.1"}});
  auto bundle = TlsBundle::Parse({own.certificate, Secret::Copy(own.key), callers.certificate()},
                                 SystemClock().Wall());
  EXPECT_TRUE(bundle.ok()) << bundle.status();
  return *std::move(bundle);
}

// Over TLS, with "spiffe://a.example/op" for an operator; no tenant lets anybody else in.
class CertifiedIdentityTest : public ApiFixture {
 protected:
  CertifiedIdentityTest() {
    bearer_tokens_ = &tokens_;
    GrpcServerOptions options;
    options.tls = std::make_shared<ServerTls>(OwnBundle(servers_, callers_),
                                              /*tokens_are_taken=*/true);
    AccessPolicy access;
    access.plaintext = false;
    access.operators = std::vector<std::string>{"spiffe://a.example/op", "k8s:a/b"};
    Serve(options, access);
  }

  // Over a new connection with this certificate.
  std::unique_ptr<Stub> Connect(const CertifiedKey& own) const {
    return v1::CredentialBroker::NewStub(
        TlsChannel(server_->address(), TlsPeer{servers_.certificate(), own}));
  }
  std::unique_ptr<Stub> Connect(const CertificateOptions& options) const {
    return Connect(callers_.Issue(options));
  }
  static Outcome<v1::GetTokenResponse> Ask(Stub& stub, const std::string& authorization = "") {
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    Outcome<v1::GetTokenResponse> outcome;
    outcome.status = stub.GetToken(&context, TokenRequest(), &outcome.response);
    return outcome;
  }
  static void ExpectUnidentified(Stub& stub, const std::string& authorization = "") {
    const Refusal refusal = RefusalIn(Ask(stub, authorization).status);
    EXPECT_EQ(refusal.code, grpc::StatusCode::UNAUTHENTICATED) << refusal.message;
    EXPECT_EQ(refusal.reason, "CALLER_UNIDENTIFIED");
  }

  const OneToken tokens_;
  const CertificateAuthority servers_{{.common_name = "servers", .is_ca = true}};
  const CertificateAuthority callers_{{.common_name = "callers", .is_ca = true}};
};

TEST_F(CertifiedIdentityTest, CallerIsWhomItsCertificateNames) {
  const auto op = Connect({.alternative_names = {"URI:spiffe://a.example/op"}});
  // The second is a hit.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Ask(*op).response.token().access_token(), "access-1");
  }
  const auto other = Connect({.alternative_names = {"URI:spiffe://a.example/other"}});
  const Refusal refusal = RefusalIn(Ask(*other).status);
  EXPECT_EQ(refusal.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refusal.reason, "CALLER_NOT_ALLOWED");
  EXPECT_EQ(refusal.metadata.at("principal"), "spiffe://a.example/other");
}

TEST_F(CertifiedIdentityTest, Row34CertificatesThatAreNobodysAreRefused) {
  ASSERT_TRUE(Ask(*Connect({.alternative_names = {"URI:spiffe://a.example/op"}})).status.ok());
  ExpectUnidentified(*Connect(CertifiedKey{}));
  ExpectUnidentified(
      *Connect({.alternative_names = {"URI:spiffe://a.example/op", "URI:spiffe://a.example/op"}}));
  ExpectUnidentified(*Connect({.alternative_names = {"URI:spiffe://a.example/op?x"}}));
  ExpectUnidentified(*Connect({.alternative_names = {"URI:spiffe://a.example/op"}, .is_ca = true}));
  // A good token does not make up for it.
  ExpectUnidentified(*Connect({.alternative_names = {"URI:https://a.example/op"}}), "Bearer good");
}

TEST_F(CertifiedIdentityTest, TokenWillDoAloneAndBesideACertificate) {
  EXPECT_TRUE(Ask(*Connect(CertifiedKey{}), "Bearer good").status.ok());
  EXPECT_TRUE(Ask(*Connect({.alternative_names = {"DNS:a.example"}}), "Bearer good").status.ok());
  ExpectUnidentified(*Connect(CertifiedKey{}), "Bearer bad");
  ExpectUnidentified(*Connect({.alternative_names = {"URI:spiffe://a.example/op"}}), "Bearer bad");
}

TEST_F(CertifiedIdentityTest, WatchEndsWhenTheCertificateExpires) {
  const auto op = Connect(
      {.alternative_names = {"URI:spiffe://a.example/op"}, .valid_until = absl::Seconds(100)});
  TokenWatch watch(*op);
  ASSERT_EQ(watch.NextToken(), "access-1");
  Step(absl::Seconds(100));
  EXPECT_EQ(watch.End().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace credbroker
