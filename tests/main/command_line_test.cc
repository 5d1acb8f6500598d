#include "service/main/command_line.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::variant<CommandLine, CommandLineExit> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/credbrokerd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

CommandLineExit ExitOf(const std::vector<const char*>& arguments) {
  const auto parsed = Parse(arguments);
  const auto* exit = std::get_if<CommandLineExit>(&parsed);
  if (exit == nullptr) return {-1, ""};
  return *exit;
}

TEST(CommandLine, ConfigAlone) {
  const auto line = std::get<CommandLine>(Parse({"--config", "a.yaml"}));
  EXPECT_EQ(line.config_file, "a.yaml");
  EXPECT_FALSE(line.check);
}

TEST(CommandLine, CheckInAnyOrder) {
  EXPECT_TRUE(std::get<CommandLine>(Parse({"--check", "--config=a.yaml"})).check);
  EXPECT_TRUE(std::get<CommandLine>(Parse({"--config", "a.yaml", "--check"})).check);
}

TEST(CommandLine, HelpAndVersionExitWithZero) {
  const CommandLineExit help = ExitOf({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* part : {"credbrokerd", "--config FILE", "--check", "--version", "SIGTERM"}) {
    EXPECT_THAT(help.text, HasSubstr(part));
  }
  const CommandLineExit version = ExitOf({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.text, ::testing::MatchesRegex("credbrokerd [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, WrongOnesExitWithTwo) {
  const std::vector<std::vector<const char*>> kWrong = {
      {},
      {"--check"},
      {"--config"},
      {"--config", "a", "--unknown"},
      {"--config", "a", "extra"},
      {"--config", "a", "--config", "b"},
      {"--config", "a", "--check=maybe"},
  };
  for (const auto& arguments : kWrong) {
    const CommandLineExit exit = ExitOf(arguments);
    EXPECT_EQ(exit.code, 2) << (arguments.empty() ? "" : arguments.back());
    EXPECT_THAT(exit.text, EndsWith("\n"));
  }
}

}  // namespace
}  // namespace credbroker
