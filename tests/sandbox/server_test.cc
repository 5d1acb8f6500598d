#include "tests/sandbox/server.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/sandbox/sandbox_test.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

// A key and a certificate signed with it, as PEM files.
void WriteSelfSigned(const std::string& certificate_path, const std::string& key_path) {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = std::fopen(certificate_path.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(key_path.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

class ServerTest : public SandboxTest {
 protected:
  // The files are named after the test, for tests run side by side.
  std::string Path(const std::string& suffix) {
    return testing::TempDir() + "sandbox_" +
           testing::UnitTest::GetInstance()->current_test_info()->name() + suffix;
  }
};

TEST_F(ServerTest, SpeaksTls) {
  UpstreamOptions options;
  options.certificate = Path("_cert.pem");
  options.key = Path("_key.pem");
  WriteSelfSigned(options.certificate, options.key);
  Start(options);
  EXPECT_FALSE(client_->Get("/_sandbox/stats"));
  httplib::SSLClient client("127.0.0.1", upstream_->port());
  client.enable_server_certificate_verification(false);
  client.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto stats = client.Get("/_sandbox/stats");
    ASSERT_TRUE(stats);
    EXPECT_EQ(json::parse(stats->body)["tls_failures"], 1);
    EXPECT_EQ(json::parse(stats->body)["connections"], 2);
  }
}

TEST_F(ServerTest, AKeyOfAnotherCertificateIsRefused) {
  UpstreamOptions options;
  options.certificate = Path("_cert.pem");
  options.key = Path("_key.pem");
  WriteSelfSigned(options.certificate, Path("_unused.pem"));
  WriteSelfSigned(Path("_unused.pem"), options.key);
  EXPECT_TRUE(absl::IsInvalidArgument(Upstream::Start(options).status()));
}

TEST_F(ServerTest, AConnectionIsKeptForManyRequests) {
  Start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Auth()->status, 200);
  EXPECT_EQ(GetStats()["connections"], 1);
}

TEST_F(ServerTest, AnIdleConnectionIsClosed) {
  UpstreamOptions options;
  options.settings.keep_alive = absl::Milliseconds(1);
  Start(options);
  // A connection that is slow to ask is idle too.
  while (!client_->Get("/_sandbox/stats")) {
  }
  // Another client watches how the idle connection goes: only its own is left.
  for (int64_t open = 2; open > 1;) {
    httplib::Client watcher("127.0.0.1", upstream_->port());
    const auto stats = watcher.Get("/_sandbox/stats");
    if (stats) open = json::parse(stats->body)["connections_open"];
  }
}

TEST_F(ServerTest, LongTargetsAndBodiesAreRefused) {
  Start();
  EXPECT_EQ(StatusOf(client_->Get("/" + std::string(4000, 'a'))), 414);
  const auto large = client_->Post("/api/auth/auth", std::string(9 << 20, 'a'), "application/json");
  ASSERT_EQ(StatusOf(large), 413);
  EXPECT_TRUE(json::parse(large->body).contains("error"));
}

}  // namespace
}  // namespace credbroker::sandbox
