// The program itself, through a shell: what only a real process has.
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

// Runs `line`, in which $P is the program with the options of the connection, in a shell of its
// own.
Outcome Shell(const FakeBroker& broker, const std::string& line) {
  const std::string script =
      "P='" CREDBROKER_PROGRAM " --plaintext --address " + broker.address() + "'; " + line;
  Outcome outcome;
  std::FILE* pipe = popen(script.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  size_t size = 0;
  while ((size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0) outcome.out.append(buffer, size);
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

TEST(ProgramTest, ATokenFitsIntoAVariable) {
  const FakeBroker broker;
  EXPECT_EQ(Shell(broker, "T=$($P token --tenant acme 2>&1); printf '[%s]' \"$T\"").out,
            "[" + broker.token.access_token() + "]");
}

TEST(ProgramTest, AFullDiskIsAFailure) {
  const FakeBroker broker;
  const Outcome outcome = Shell(broker, "$P token --tenant acme 2>&1 >/dev/full");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "credbroker: cannot write to standard output\n");
}

TEST(ProgramTest, AClosedStandardOutputIsAFailure) {
  const FakeBroker broker;
  const Outcome outcome = Shell(broker, "$P token --tenant acme 2>&1 >&-");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("cannot write to standard output"));
}

TEST(ProgramTest, AReaderThatWentAwayEndsAWatch) {
  FakeBroker broker;
  broker.watch_stays_open = true;
  v1::WatchTokenResponse event;
  *event.mutable_token() = TestToken();
  broker.events.push_back(event);
  const Outcome outcome = Shell(broker,
                                "exec 3>&1; { $P watch --tenant acme 2>/dev/null; echo $? >&3; } "
                                "| head -n 1 >/dev/null");
  EXPECT_EQ(outcome.out, "1\n");
}

TEST(ProgramTest, ThePasswordIsReadFromThePipe) {
  const FakeBroker broker;
  const Outcome outcome =
      Shell(broker, "printf 'hunter2\\n' | $P login --tenant acme --password-stdin 2>&1");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_EQ(broker.login.password(), "hunter2");
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("hunter2")));
}

TEST(ProgramTest, AProxyOfTheEnvironmentIsNotUsed) {
  const FakeBroker broker;
  const Outcome outcome = Shell(broker,
                                "http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 "
                                "grpc_proxy=http://127.0.0.1:1 $P token --tenant acme 2>&1");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
}

TEST(ProgramTest, OnlyTheMessageIsOnStandardError) {
  const FakeBroker broker;
  const Outcome outcome = Shell(
      broker, CREDBROKER_PROGRAM " --address 127.0.0.1:1 token --tenant acme 2>&1 >/dev/null");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1) << outcome.out;
}

}  // namespace
}  // namespace credbroker
