// Rows 22 and 44: what the process does with its environment, and what is left when it crashes.

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/test_certificate.h"
#include "tests/integration/deployment.h"
#include "tests/integration/secret_scan.h"

namespace credbroker {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uid_t kNobody = 65534;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

class Crash : public testing::TestWithParam<int> {};

TEST_P(Crash, Row44LeavesNoCoreFileAndNoSecretOnStderr) {
  // Under a sanitizer too the signal is to end the process.
  Deployment deployment(
      {.environment = {"ASAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigbus=0"}});
  Caller caller = deployment.NewCaller();
  ASSERT_TRUE(caller.GetToken().ok());
  ASSERT_TRUE(caller.GetToken("second").ok());
  deployment.broker().Signal(GetParam());
  const Exit exit = deployment.broker().WaitForExit();
  EXPECT_EQ(exit.signal, GetParam());
  EXPECT_FALSE(exit.dumped_core);
  for (const auto& file : std::filesystem::directory_iterator(deployment.folder().path())) {
    EXPECT_EQ(file.path().filename().string().rfind("core", 0), std::string::npos) << file.path();
  }
  SecretScan scan;
  scan.Add("password", kPassword);
  scan.Add("password", kSecondPassword);
  const nlohmann::json all = deployment.upstream().Secrets();
  for (const auto& [kind, secrets] : all.items()) {
    for (const auto& secret : secrets) scan.Add(kind, secret);
  }
  EXPECT_THAT(scan.FindIn(deployment.BrokerOutput()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Signals, Crash, testing::Values(SIGSEGV, SIGABRT, SIGBUS));

// That Crash would see a core file, were there one. A shell does nothing against it.
TEST(Process, AProgramThatAllowsItLeavesACoreFileOrSaysSo) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
  if (limit.rlim_max == 0) GTEST_SKIP() << "the system allows no core files";
  const Folder folder;
  Program shell({.argv = {"/bin/sh", "-c", "kill -SEGV $$"},
                 .working_directory = folder.path(),
                 .core_files_allowed = true});
  EXPECT_EQ(shell.WaitForExit().signal, SIGSEGV);
}

TEST(Process, Row44TheLimitsForbidCoreFiles) {
  Deployment deployment;
  const std::string limits = ReadFile(absl::StrCat("/proc/", deployment.broker().pid(), "/limits"));
  EXPECT_THAT(limits, ContainsRegex("Max core file size +0 +0 "));
}

// The files in /proc of a process that may not be dumped belong to root, and nobody else may trace
// it. With a sanitizer or without.
TEST(Process, Row44OthersOfTheSameUserCannotReadItsMemory) {
  if (getuid() != 0) GTEST_SKIP() << "only root can start a program as somebody else";
  const Folder folder;
  ASSERT_EQ(chown(folder.path().c_str(), kNobody, kNobody), 0);
  const std::string password = folder.Write("password", kPassword);
  const std::string config = folder.Write(
      "credbrokerd.yaml",
      "server: {listen: 127.0.0.1:0}\ntenants:\n- name: demo\n  base_url: http://127.0.0.1:1\n"
      "  accounts: [{name: demo, email: demo@example.com, password_file: password}]\n");
  ASSERT_EQ(chown(password.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(chown(config.c_str(), kNobody, kNobody), 0);
  Program broker({.argv = {CREDBROKER_DAEMON, "--config", config}, .user = kNobody});
  broker.WaitForLine("listening on ");
  const std::string process = absl::StrCat("/proc/", broker.pid());
  EXPECT_THAT(ReadFile(process + "/status"), HasSubstr("\nUid:\t65534\t65534\t"));
  struct stat memory;
  ASSERT_EQ(stat((process + "/mem").c_str(), &memory), 0);
  EXPECT_EQ(memory.st_uid, 0u);
  broker.Signal(SIGTERM);
  EXPECT_EQ(broker.WaitForExit().code, 0) << broker.err();
}

// A proxy that nobody may ask: it counts.
class Trap {
 public:
  Trap() {
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      absl::MutexLock lock(&mutex_);
      seen_ += absl::StrCat(request.method, " ", request.path, "\n");
      for (const auto& [name, value] : request.headers) absl::StrAppend(&seen_, name, ": ", value);
      return httplib::Server::HandlerResponse::Unhandled;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
  }
  ~Trap() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  std::string seen() const {
    absl::MutexLock lock(&mutex_);
    return seen_;
  }

 private:
  httplib::Server server_;
  mutable absl::Mutex mutex_;
  std::string seen_ ABSL_GUARDED_BY(mutex_);
  int port_ = 0;
  std::jthread thread_;
};

TEST(Process, Row22NoProxyOfTheEnvironmentIsUsed) {
  const Trap proxy;
  std::vector<std::string> environment;
  for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                           "ALL_PROXY", "grpc_proxy"}) {
    environment.push_back(absl::StrCat(name, "=", proxy.url()));
  }
  const Deployment deployment({.environment = environment});
  EXPECT_TRUE(deployment.NewCaller().GetToken().ok());
  EXPECT_EQ(proxy.seen(), "");
}

// That the test above could fail: a proxy that the configuration names is used.
TEST(Process, TheProxyOfTheConfigurationIsUsed) {
  const Trap proxy;
  const Deployment deployment({.tenant = absl::StrCat("  proxy: ", proxy.url(), "\n")});
  EXPECT_FALSE(deployment.NewCaller().GetToken().ok());
  EXPECT_THAT(proxy.seen(), HasSubstr("/auth/auth"));
}

TEST(Process, Row22NoKeysAreLoggedAndOtherRootsAreNotTrusted) {
  const Folder folder;
  const TestCertificate certificate = MakeTestCertificate("IP:127.0.0.1");
  const std::string keys = folder.Path("keys.log");
  const DeploymentOptions options = {
      .environment = {absl::StrCat("SSLKEYLOGFILE=", keys)},
      .certificate = folder.Write("tls.crt", certificate.certificate),
      .key = folder.Write("tls.key", certificate.key)};
  const Deployment deployment(options);
  EXPECT_TRUE(deployment.NewCaller().GetToken().ok());
  EXPECT_FALSE(std::filesystem::exists(keys));

  // Without `ca_file` the system's roots hold, whatever the environment says.
  const Folder other;
  other.Write("password", kPassword);
  const std::string config = other.Write(
      "credbrokerd.yaml",
      absl::StrCat("server: {listen: 127.0.0.1:0}\ntenants:\n- name: demo\n  base_url: https://",
                   deployment.upstream().address(), "/api\n  accounts: [{name: demo, email: ",
                   kEmail, ", password_file: password}]\n"));
  Program broker({.argv = {CREDBROKER_DAEMON, "--config", config},
                  .environment = {absl::StrCat("SSL_CERT_FILE=", options.certificate),
                                  absl::StrCat("CURL_CA_BUNDLE=", options.certificate)}});
  const Answer refused = Caller(broker.WaitForLine("listening on ")).GetToken();
  EXPECT_EQ(refused.reason, "UPSTREAM_UNAVAILABLE") << refused.Text();
  EXPECT_THAT(refused.status.error_message(), HasSubstr("could not be verified"));
}

TEST(Process, Row22NoPasswordComesFromNetrc) {
  const Trap upstream;
  const Folder folder;
  const std::string netrc =
      folder.Write(".netrc", "machine 127.0.0.1 login me password Canary-of-netrc\n");
  folder.Write("password", kPassword);
  const std::string config = folder.Write(
      "credbrokerd.yaml",
      absl::StrCat(
          "server: {listen: 127.0.0.1:0}\ntenants:\n- name: demo\n  base_url: ", upstream.url(),
          "\n  accounts: [{name: demo, email: ", kEmail, ", password_file: password}]\n"));
  Program broker(
      {.argv = {CREDBROKER_DAEMON, "--config", config},
       .environment = {absl::StrCat("NETRC=", netrc), absl::StrCat("HOME=", folder.path())}});
  EXPECT_FALSE(Caller(broker.WaitForLine("listening on ")).GetToken().ok());
  EXPECT_THAT(upstream.seen(), HasSubstr("/auth/auth"));
  EXPECT_THAT(upstream.seen(), Not(HasSubstr("Authorization")));
}

TEST(Process, Row22GrpcWritesNoTrace) {
  Deployment deployment({.environment = {"GRPC_TRACE=all", "GRPC_VERBOSITY=DEBUG"}});
  EXPECT_TRUE(deployment.NewCaller().GetToken().ok());
  deployment.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
  // Every line is ours.
  const std::string err = deployment.broker().err();
  EXPECT_THAT(err, HasSubstr("\"event\":\"started\""));
  for (const auto line : absl::StrSplit(err, '\n', absl::SkipEmpty())) {
    // One is enough to tell.
    ASSERT_THAT(std::string(line), StartsWith("{\"time\":\""));
    ASSERT_TRUE(nlohmann::json::accept(line.begin(), line.end())) << line;
  }
}

}  // namespace
}  // namespace credbroker
