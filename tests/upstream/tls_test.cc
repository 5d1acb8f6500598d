#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "httplib.h"

#include "tests/upstream/http_fixture.h"

namespace credbroker {
namespace {

// A self-signed certificate for 127.0.0.1 and its key.
struct Identity {
  X509* certificate = X509_new();
  EVP_PKEY* key = EVP_EC_gen("P-256");

  Identity() {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME* name = X509_get_subject_name(certificate);
    const unsigned char common_name[] = "test";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION* san =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, san, -1);
    X509_EXTENSION_free(san);
    X509_sign(certificate, key, EVP_sha256());
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// An HTTPS server that answers everything with 200.
class TlsServer {
 public:
  explicit TlsServer(Identity& identity) : server_(identity.certificate, identity.key) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(2); };
    server_.set_keep_alive_max_count(1);  // Or stop would wait for idle connections.
    server_.Post(".*", [this](const httplib::Request&, httplib::Response& response) {
      ++requests_;
      response.set_content("{}", "application/json");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // Or stop would do nothing.
  }
  ~TlsServer() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return absl::StrCat("https://127.0.0.1:", port_); }
  int requests() const { return requests_; }

 private:
  httplib::SSLServer server_;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

class TlsTest : public HttpFixture {
 protected:
  std::string WriteFile(const std::string& name, const std::string& content) {
    std::string path = absl::StrCat(testing::TempDir(), "/credbroker_tls_", getpid(), "_", name);
    std::ofstream(path) << content;
    return path;
  }

  std::string WriteCertificate() {
    std::string path = WriteFile("ca.pem", "");
    FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, identity_.certificate);
    std::fclose(file);
    return path;
  }

  void ExpectUnverified(const std::shared_ptr<Tenant>& tenant, const TlsServer& server) {
    const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
    EXPECT_EQ(ReasonOf(result.response.status()), Reason::kUpstreamUnavailable);
    EXPECT_EQ(RetryAfterOf(result.response.status()), absl::Seconds(60));
    EXPECT_FALSE(result.body_sent);
    EXPECT_EQ(server.requests(), 0);
  }

  Identity identity_;
};

TEST_F(TlsTest, CertificateOfTheConfiguredAuthorityIsAccepted) {
  TlsServer server(identity_);
  const auto tenant = TenantAt(server.url());
  tenant->ca_file = WriteCertificate();
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  EXPECT_TRUE(result.response.ok()) << result.response.status();
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(TlsTest, Row3SelfSignedCertificateIsRefusedAndNothingIsSent) {
  TlsServer server(identity_);
  ExpectUnverified(TenantAt(server.url()), server);
}

TEST_F(TlsTest, Row3CertificateForAnotherHostIsRefused) {
  TlsServer server(identity_);
  std::string url = server.url();
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  const auto tenant = TenantAt(url);
  tenant->ca_file = WriteCertificate();
  ExpectUnverified(tenant, server);
}

TEST_F(TlsTest, Row3EmptyAuthorityFileTrustsNobody) {
  TlsServer server(identity_);
  const auto tenant = TenantAt(server.url());
  tenant->ca_file = WriteFile("empty.pem", "");
  ExpectUnverified(tenant, server);
}

TEST_F(TlsTest, Row3PlaintextServerBehindHttpsIsUnavailable) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    connection.AwaitHangUp();
  });
  std::string url = server.url();
  const auto tenant = TenantAt(url.replace(0, 4, "https"));
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  EXPECT_EQ(ReasonOf(result.response.status()), Reason::kUpstreamUnavailable);
  EXPECT_FALSE(result.body_sent);
}

// libcurl opens the file when it is initialised, once in a process. The variable is set before
// main, so that it is there by then, whatever test runs first.
const std::string& KeyLogPath() {
  static const std::string path = absl::StrCat(testing::TempDir(), "/credbroker_keylog_", getpid());
  return path;
}
[[maybe_unused]] const int kKeyLogIsSet = setenv("SSLKEYLOGFILE", KeyLogPath().c_str(), 1);

TEST_F(TlsTest, Row22KeysAreNotLoggedForSslKeyLogFile) {
  TlsServer server(identity_);
  const auto tenant = TenantAt(server.url());
  tenant->ca_file = WriteCertificate();
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  EXPECT_NE(access(KeyLogPath().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace credbroker
