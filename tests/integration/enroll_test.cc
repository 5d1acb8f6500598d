// `credbroker enroll`: an account without a password in the broker.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/integration/process_memory.h"
#include "tests/integration/secret_scan.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// An upstream, and a configuration whose one account has its keys in "demo.keys".
class Enroll : public testing::Test {
 protected:
  Enroll() { Configure("SCRAM-SHA-256"); }

  void Configure(const std::string& mechanism) {
    config_ = folder_.Write(
        "credbrokerd.yaml",
        absl::StrCat("server: {listen: 127.0.0.1:0}\nadmin: {listen: 127.0.0.1:0}\ntenants:\n"
                     "- name: demo\n  base_url: http://",
                     upstream_.address(), "/api\n  mechanism: ", mechanism,
                     "\n  accounts: [{name: demo, email: ", kEmail,
                     ", scram_keys_file: demo.keys}]\n"));
  }

  Outcome Run(const std::vector<std::string>& more = {},
              const std::string& password = absl::StrCat(kPassword, "\n")) {
    std::vector<std::string> argv = {CREDBROKER_PROGRAM, "enroll", "--config", config_,
                                     "--tenant",         "demo"};
    argv.insert(argv.end(), more.begin(), more.end());
    Outcome outcome = RunProgram({.argv = argv, .standard_input = password});
    SecretScan scan;
    scan.Add("password", kPassword);
    EXPECT_THAT(scan.FindIn(outcome.out + outcome.err), IsEmpty());
    return outcome;
  }

  std::unique_ptr<Program> Broker() {
    auto broker = std::make_unique<Program>(
        Program::Options{.argv = {CREDBROKER_DAEMON, "--config", config_}});
    address_ = broker->WaitForLine("listening on ");
    return broker;
  }

  const Folder folder_;
  const Sandbox upstream_{
      {"--account", absl::StrCat(kEmail, ":", kPassword), "--mechanism", "SCRAM-SHA-256"}};
  std::string config_;
  std::string address_;
};

TEST_F(Enroll, TheBrokerLogsInAndNeverHasThePassword) {
  const Outcome outcome = Run();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("SCRAM-SHA-256 keys of demo/demo"),
                                 HasSubstr(folder_.Path("demo.keys"))));
  EXPECT_EQ(upstream_.Calls("auth"), 1);
  EXPECT_EQ(upstream_.Calls("login"), 0) << "no attempt was needed";
  struct stat file;
  ASSERT_EQ(stat(folder_.Path("demo.keys").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0600u);

  EXPECT_EQ(RunProgram({.argv = {CREDBROKER_DAEMON, "--config", config_, "--check"}}).exit_code, 0);
  const std::unique_ptr<Program> broker = Broker();
  Caller caller(address_);
  const Answer answer = caller.GetToken();
  ASSERT_TRUE(answer.ok()) << answer.Text() << broker->err();
  EXPECT_TRUE(upstream_.Accepts(answer.token.access_token()));
  EXPECT_THAT(FindInMemory(broker->pid(), {{"password", kPassword}}), IsEmpty());
}

TEST_F(Enroll, ChangedSaltIsSaidAndCostsNoAttempt) {
  ASSERT_EQ(Run().exit_code, 0);
  upstream_.Change({{"email", kEmail}, {"rotate_salt", true}});
  const std::unique_ptr<Program> broker = Broker();
  Caller caller(address_);
  const Answer answer = caller.GetToken();
  EXPECT_EQ(answer.reason, "LOGIN_REQUIRED");
  EXPECT_THAT(answer.status.error_message(), HasSubstr("enroll the account again"));
  EXPECT_TRUE(broker->WaitForError("enroll the account again"));
  EXPECT_EQ(upstream_.Calls("login"), 0);

  // Nothing is held back: enrolling again is all that it takes.
  ASSERT_EQ(Run({"--overwrite"}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return caller.GetToken().ok(); }));
  EXPECT_EQ(upstream_.Calls("login"), 1);
}

TEST_F(Enroll, ParametersCanBeGivenAndThenUpstreamIsNotAsked) {
  const Outcome outcome =
      Run({"--salt", "c2FsdA==", "--iterations", "5000", "--mechanism", "SCRAM-SHA-1",
           "--keys-file", folder_.Path("other.keys"), "--output", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(upstream_.Calls("auth"), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("demo.keys")));
  const auto said = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(said["mechanism"], "SCRAM-SHA-1");
  EXPECT_EQ(said["iterationCount"], 5000);
  const auto written = nlohmann::json::parse(ContentOf(folder_.Path("other.keys")));
  EXPECT_EQ(written["salt"], "c2FsdA==");
  EXPECT_EQ(written["mechanism"], "SCRAM-SHA-1");
}

TEST_F(Enroll, AFileThatIsThereIsKept) {
  folder_.Write("demo.keys", "precious");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--overwrite replaces it"));
  EXPECT_EQ(ContentOf(folder_.Path("demo.keys")), "precious");
  EXPECT_EQ(upstream_.Calls("auth"), 0);
  ASSERT_EQ(Run({"--overwrite"}).exit_code, 0);
  EXPECT_THAT(ContentOf(folder_.Path("demo.keys")), HasSubstr("clientKey"));
  // Nothing else is left in the folder.
  size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder_.path())) {
    ++files;
  }
  EXPECT_EQ(files, 2u);
}

TEST_F(Enroll, WhatCannotBeEnrolledIsSaid) {
  EXPECT_EQ(Run({"--account", "nobody"}).exit_code, 2);
  EXPECT_EQ(Run({"--mechanism", "PLAIN"}).exit_code, 2);
  EXPECT_EQ(Run({"--salt", "c2FsdA=="}).exit_code, 2);
  EXPECT_EQ(Run({"--salt", "c2FsdA", "--iterations", "4096"}).exit_code, 2);
  EXPECT_EQ(Run({"--salt", "c2FsdA==", "--iterations", "4095"}).exit_code, 2);
  EXPECT_EQ(Run({"--salt", "c2FsdA==", "--iterations", "1000001"}).exit_code, 2);
  EXPECT_EQ(Run({}, "").exit_code, 2);
  const Outcome there = Run({"--keys-file", folder_.Path("no/such/folder")});
  EXPECT_EQ(there.exit_code, 1);
  EXPECT_THAT(there.err, HasSubstr("no/such/folder"));
  folder_.Write("credbrokerd.yaml", "tenants: 1\nserver: 2\n");
  const Outcome faults = Run();
  EXPECT_EQ(faults.exit_code, 2);
  EXPECT_THAT(faults.err, AllOf(HasSubstr("credbrokerd.yaml:1: tenants"),
                                HasSubstr("credbrokerd.yaml:2: server")));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("demo.keys")));
}

}  // namespace
}  // namespace credbroker
