// Row 31: a bad configuration, at start and with --check.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kExample[] = CREDBROKER_SOURCES "/deploy/example/credbrokerd.yaml";

Outcome Daemon(const std::string& config, bool check) {
  Program::Options options{.argv = {CREDBROKER_DAEMON, "--config", config}};
  if (check) options.argv.push_back("--check");
  return RunProgram(options);
}

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

TEST(Configuration, Row31EveryFaultHasALineWithItsPlaceAndPath) {
  const Folder folder;
  const std::string file = folder.Write("bad.yaml",
                                        "server:\n  listen: 0.0.0.0:1\n  lissten: x\n"
                                        "tenants:\n- name: A\n  base_url: ftp://x\n"
                                        "  accounts: []\nstore: {sqlite: {}}\n");
  for (const bool check : {true, false}) {
    const Outcome outcome = Daemon(file, check);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(
        Lines(outcome.err),
        ElementsAre(StartsWith(file + ":2: server.listen: "),
                    StartsWith(file + ":3: server.lissten: unknown field"),
                    StartsWith(file + ":5: tenants[0].name: "),
                    StartsWith(file + ":6: tenants[0].base_url: "),
                    StartsWith(file + ":7: tenants[0].accounts: "),
                    AllOf(StartsWith(file + ":8: store.sqlite"), HasSubstr("not supported yet"))));
  }
}

TEST(Configuration, Row31AFileThatIsNotThereIsAFault) {
  for (const bool check : {true, false}) {
    const Outcome outcome = Daemon("/nonexistent/credbrokerd.yaml", check);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.err, "/nonexistent/credbrokerd.yaml: the file does not exist\n");
  }
}

TEST(Configuration, Row31OnlySoManyFaultsArePrinted) {
  const Folder folder;
  std::string text = "server: {listen: 127.0.0.1:0}\n";
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&text, "unknown", i, ": 1\n");
  const Outcome outcome = Daemon(folder.Write("bad.yaml", text), true);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(Lines(outcome.err), SizeIs(101));
  // The tenants are missing too.
  EXPECT_THAT(outcome.err, testing::EndsWith(": and 4901 more\n"));
}

TEST(Configuration, Row31EndlessBracketsAreRefusedAtOnce) {
  const Folder folder;
  const Outcome outcome = Daemon(folder.Write("bad.yaml", std::string(16 << 20, '[')), true);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(":1: nested too deeply\n"));
}

TEST(Configuration, Row31AnAddressThatIsTakenEndsTheStart) {
  const Deployment deployment;
  const Folder folder;
  folder.Write("password", kPassword);
  const std::string file = folder.Write(
      "taken.yaml",
      absl::StrCat("server: {listen: '", deployment.address(),
                   "'}\ntenants:\n- name: demo\n  base_url: http://127.0.0.1:1\n"
                   "  accounts: [{name: demo, email: a@b.example, password_file: password}]\n"));
  EXPECT_EQ(Daemon(file, true).exit_code, 0);
  const Outcome outcome = Daemon(file, false);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("Address already in use"));
  EXPECT_EQ(outcome.out, "");
}

TEST(Configuration, TheExampleIsGoodWithItsPasswordFileAndOnlyThen) {
  const Folder folder;
  const std::string file = folder.Write("credbrokerd.yaml", ReadFile(kExample));
  const Outcome without = Daemon(file, true);
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(Lines(without.err),
              ElementsAre(AllOf(HasSubstr("tenants[0].accounts[0].password_file: "),
                                HasSubstr("does not exist"))));
  std::filesystem::create_directory(folder.Path("secrets"));
  folder.Write("secrets/acme-reporting", kPassword);
  const Outcome with = Daemon(file, true);
  EXPECT_EQ(with.exit_code, 0);
  EXPECT_EQ(with.out + with.err, "");
}

// An account whose secret cannot be read is disabled alone, loudly.
TEST(Configuration, ASecretThatIsMissingAtStartDisablesItsAccountAlone) {
  Deployment deployment;
  std::filesystem::remove(deployment.folder().Path("second"));
  EXPECT_EQ(Daemon(deployment.config_file(), true).exit_code, 2);
  deployment.RestartBroker();
  EXPECT_TRUE(deployment.broker().WaitForError("\"event\":\"account_disabled\""));
  Caller caller = deployment.NewCaller();
  EXPECT_TRUE(caller.GetToken().ok());
  const Answer refused = caller.GetToken("second");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << refused.Text();
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1) << "nothing is sent for the other one";
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

}  // namespace
}  // namespace credbroker
