#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "grpcpp/security/server_credentials.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"
#include "tests/client/test_certificate.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<grpc::ServerCredentials> ServerTls(const TestCertificate& own,
                                                   const std::string& client_ca) {
  grpc::SslServerCredentialsOptions options(
      client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                        : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_key_cert_pairs.push_back({own.key, own.certificate});
  options.pem_root_certs = client_ca;
  return grpc::SslServerCredentials(options);
}

TEST(TlsTest, IsTheDefaultAndTheCaDecides) {
  const TestCertificate own = MakeTestCertificate("IP:127.0.0.1");
  const FakeBroker broker(ServerTls(own, ""));
  const TemporaryFile ca(own.certificate);
  const Outcome known =
      RunLine({"--address", broker.address(), "--ca", ca.path(), "token", "--tenant", "acme"});
  EXPECT_EQ(known.exit_code, 0) << known.err;
  EXPECT_EQ(known.out, broker.token.access_token() + "\n");

  const TemporaryFile other_ca(MakeTestCertificate("IP:127.0.0.1").certificate);
  const Outcome unknown = RunLine(
      {"--address", broker.address(), "--ca", other_ca.path(), "token", "--tenant", "acme"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.out, IsEmpty());
  EXPECT_THAT(unknown.err, HasSubstr("UNAVAILABLE"));
}

TEST(TlsTest, AnotherHostsCertificateIsRefused) {
  const TestCertificate own = MakeTestCertificate("DNS:broker.example");
  const FakeBroker broker(ServerTls(own, ""));
  const TemporaryFile ca(own.certificate);
  const Outcome outcome =
      RunLine({"--address", broker.address(), "--ca", ca.path(), "token", "--tenant", "acme"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(broker.calls, 0);
}

TEST(TlsTest, CertificateAndKeyIdentifyTheCaller) {
  const TestCertificate own = MakeTestCertificate("IP:127.0.0.1");
  const TestCertificate caller = MakeTestCertificate("URI:spiffe://x.example/me");
  const FakeBroker broker(ServerTls(own, caller.certificate));
  const TemporaryFile ca(own.certificate);
  const TemporaryFile certificate(caller.certificate);
  const TemporaryFile key(caller.key);
  EXPECT_EQ(RunLine({"--address", broker.address(), "--ca", ca.path(), "token", "--tenant", "a"})
                .exit_code,
            1);
  const Outcome outcome =
      RunLine({"--address", broker.address(), "--ca", ca.path(), "--cert", certificate.path(),
               "--key", key.path(), "token", "--tenant", "a"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST(TlsTest, AKeyOfAnotherCertificateFails) {
  const TestCertificate own = MakeTestCertificate("IP:127.0.0.1");
  const FakeBroker broker(ServerTls(own, ""));
  const TemporaryFile ca(own.certificate);
  const TemporaryFile key(MakeTestCertificate("IP:127.0.0.1").key);
  const Outcome outcome = RunLine({"--address", broker.address(), "--ca", ca.path(), "--cert",
                                   ca.path(), "--key", key.path(), "token", "--tenant", "a"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(TlsTest, ABrokerWithoutTlsIsSuspected) {
  const FakeBroker broker;
  const TemporaryFile ca(MakeTestCertificate("IP:127.0.0.1").certificate);
  const Outcome outcome =
      RunLine({"--address", broker.address(), "--ca", ca.path(), "token", "--tenant", "a"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("is --plaintext missing?"));
}

}  // namespace
}  // namespace credbroker
