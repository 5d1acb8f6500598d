#include "client/cli/options.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::variant<Options, NothingToRun> Parse(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"credbroker"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return ParseOptions(static_cast<int>(argv.size()), argv.data());
}

Options Accepted(const std::vector<std::string>& arguments) {
  const auto parsed = Parse(arguments);
  if (const auto* nothing = std::get_if<NothingToRun>(&parsed)) {
    ADD_FAILURE() << nothing->err;
    return {};
  }
  return std::get<Options>(parsed);
}

// What is said on stderr about a command line that must exit 2 and print nothing else.
std::string Refused(const std::vector<std::string>& arguments) {
  const auto parsed = Parse(arguments);
  const auto* nothing = std::get_if<NothingToRun>(&parsed);
  if (nothing == nullptr) {
    ADD_FAILURE() << "accepted";
    return "";
  }
  EXPECT_EQ(nothing->exit_code, 2);
  EXPECT_THAT(nothing->out, IsEmpty());
  EXPECT_THAT(nothing->err, Not(IsEmpty()));
  return nothing->err;
}

TEST(OptionsTest, DefaultsAreThoseOfTheContract) {
  const Options options = Accepted({"token", "--tenant", "acme"});
  EXPECT_EQ(options.command, Command::kToken);
  EXPECT_EQ(options.connection.address, "127.0.0.1:8443");
  EXPECT_FALSE(options.connection.plaintext);
  EXPECT_EQ(options.output, OutputFormat::kText);
  EXPECT_FALSE(options.timeout.has_value());
  EXPECT_EQ(options.tenant, "acme");
  EXPECT_EQ(options.account, "");
  EXPECT_FALSE(options.min_remaining.has_value());
}

TEST(OptionsTest, ConnectionOptionsStandBeforeOrAfterTheCommand) {
  const std::vector<std::string> common = {
      "--address", "broker:1", "--ca",          "a", "--cert",    "b", "--key", "c",
      "--output",  "json",     "--bearer-file", "d", "--timeout", "2m"};
  std::vector<std::string> before = common;
  before.insert(before.end(), {"token", "--tenant", "acme"});
  std::vector<std::string> after = {"token", "--tenant", "acme"};
  after.insert(after.end(), common.begin(), common.end());
  for (const auto& arguments : {before, after}) {
    const Options options = Accepted(arguments);
    EXPECT_EQ(options.connection.address, "broker:1");
    EXPECT_EQ(options.connection.ca_file, "a");
    EXPECT_EQ(options.connection.cert_file, "b");
    EXPECT_EQ(options.connection.key_file, "c");
    EXPECT_EQ(options.connection.bearer_file, "d");
    EXPECT_EQ(options.output, OutputFormat::kJson);
    EXPECT_EQ(options.timeout, absl::Minutes(2));
  }
  EXPECT_TRUE(Accepted({"--plaintext", "sessions"}).connection.plaintext);
  EXPECT_TRUE(Accepted({"sessions", "--plaintext"}).connection.plaintext);
}

TEST(OptionsTest, TheOneAfterTheCommandHolds) {
  const Options options = Accepted(
      {"--output", "json", "--timeout", "1s", "sessions", "--output", "text", "--timeout", "2s"});
  EXPECT_EQ(options.output, OutputFormat::kText);
  EXPECT_EQ(options.timeout, absl::Seconds(2));
}

TEST(OptionsTest, EachCommandHasItsOwnOptions) {
  EXPECT_EQ(Accepted({"token", "--tenant", "a", "--min-remaining", "90s"}).min_remaining,
            absl::Seconds(90));
  EXPECT_EQ(Accepted({"refresh", "--tenant", "a", "--if-generation", "18446744073709551615"})
                .if_generation,
            18446744073709551615u);
  EXPECT_EQ(Accepted({"logout", "--tenant", "a", "--account", "b"}).account, "b");
  EXPECT_TRUE(Accepted({"watch", "--tenant", "a", "--show-token"}).show_token);
  EXPECT_EQ(Accepted({"sessions"}).command, Command::kSessions);
  EXPECT_EQ(Accepted({"sessions", "--tenant", "a"}).tenant, "a");
  const Options login =
      Accepted({"login", "--tenant", "a", "--force-new", "--release-hold", "--password-file", "p",
                "--device-name", "d", "--browser", "b", "--os", "o", "--os-version", "v"});
  EXPECT_EQ(login.command, Command::kLogin);
  EXPECT_TRUE(login.force_new);
  EXPECT_TRUE(login.release_hold);
  EXPECT_EQ(login.password_file, "p");
  EXPECT_EQ(login.device.device_name, "d");
  EXPECT_EQ(login.device.browser, "b");
  EXPECT_EQ(login.device.os, "o");
  EXPECT_EQ(login.device.os_version, "v");
  Refused({"token", "--tenant", "a", "--if-generation", "1"});
  Refused({"logout", "--tenant", "a", "--force-new"});
}

TEST(OptionsTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(Refused({}), HasSubstr("a command is needed"));
  for (const char* command : {"token", "login", "refresh", "logout", "watch"}) {
    EXPECT_THAT(Refused({command}), HasSubstr("--tenant is required")) << command;
    EXPECT_THAT(Refused({command, "--tenant", ""}), HasSubstr("--tenant")) << command;
  }
  EXPECT_THAT(Refused({"token", "--tenant"}), HasSubstr("--tenant"));
  EXPECT_THAT(Refused({"sessions", "--cert", "a"}), HasSubstr("--cert and --key"));
  EXPECT_THAT(Refused({"sessions", "--key", "a"}), HasSubstr("--cert and --key"));
}

TEST(OptionsTest, WhatIsUnknownIsNamed) {
  EXPECT_THAT(Refused({"tokne"}), HasSubstr("unknown command tokne"));
  EXPECT_THAT(Refused({"sessions", "--bogus"}), HasSubstr("unknown option --bogus"));
  EXPECT_THAT(Refused({"sessions", "token"}), HasSubstr("more arguments"));
}

TEST(OptionsTest, WrongValuesAreRefusedAndTheOptionNamed) {
  for (const char* address :
       {"", "broker", "broker:", ":1", "broker:0", "broker:65536", "broker:-1", "broker:+1",
        "broker: 1", "a b:1", "unix:/run/x:1", "::1:1", "[broker]:1", "dns:///a:1"}) {
    EXPECT_THAT(Refused({"--address", address, "sessions"}), HasSubstr("--address")) << address;
  }
  for (const char* timeout : {"", "0", "0s", "-1s", "inf", "-inf", "30", "1y", "8761h"}) {
    EXPECT_THAT(Refused({"sessions", "--timeout", timeout}), HasSubstr("--timeout")) << timeout;
    if (timeout[0] == '0') continue;
    EXPECT_THAT(Refused({"token", "--tenant", "a", "--min-remaining", timeout}),
                HasSubstr("--min-remaining"))
        << timeout;
  }
  EXPECT_EQ(Accepted({"sessions", "--timeout", "8760h"}).timeout, absl::Hours(8760));
  EXPECT_EQ(Accepted({"token", "--tenant", "a", "--min-remaining", "0s"}).min_remaining,
            absl::ZeroDuration());
  for (const char* generation : {"", "-1", "0x10", "1.5", "18446744073709551616", "seven"}) {
    EXPECT_THAT(Refused({"refresh", "--tenant", "a", "--if-generation", generation}),
                HasSubstr("--if-generation"))
        << generation;
  }
  EXPECT_THAT(Refused({"sessions", "--output", "yaml"}), HasSubstr("neither text nor json"));
}

TEST(OptionsTest, SecretsWithoutTlsOnlyToThisMachine) {
  const std::vector<std::string> local = {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"};
  for (const std::string& address : local) {
    Accepted({"--plaintext", "--address", address, "--bearer-file", "f", "sessions"});
    Accepted({"--plaintext", "--address", address, "login", "--tenant", "a", "--password-stdin"});
  }
  const std::vector<std::string> remote = {"10.0.0.1:1", "127.0.0.1.example:1", "[::2]:1",
                                           "localhost.example:1"};
  for (const std::string& address : remote) {
    EXPECT_THAT(Refused({"--plaintext", "--address", address, "--bearer-file", "f", "sessions"}),
                HasSubstr("--bearer-file"));
    EXPECT_THAT(Refused({"--plaintext", "--address", address, "login", "--tenant", "a",
                         "--password-file", "f"}),
                HasSubstr("password"));
    Accepted({"--address", address, "--bearer-file", "f", "sessions"});
  }
}

TEST(OptionsTest, ContradictionsAreRefused) {
  EXPECT_THAT(Refused({"--plaintext", "--ca", "a", "sessions"}), HasSubstr("--plaintext"));
  EXPECT_THAT(Refused({"--plaintext", "--cert", "a", "--key", "b", "sessions"}),
              HasSubstr("--plaintext"));
  EXPECT_THAT(Refused({"login", "--tenant", "a", "--password-stdin", "--password-file", "f"}),
              HasSubstr("exclude each other"));
}

TEST(OptionsTest, APasswordOnTheCommandLineIsRefusedAndNotRepeated) {
  const std::vector<std::vector<std::string>> lines = {
      {"login", "--tenant", "a", "--password", "hunter2"},
      {"login", "--tenant", "a", "--password=hunter2"},
      {"login", "--tenant", "a", "-p", "hunter2"},
      {"login", "--tenant", "a", "-phunter2"},
      {"login", "--tenant", "a", "--password-stdin=hunter2"},
      {"login", "--tenant", "a", "--password-stdin", "hunter2"},
      {"login", "--tenant", "a", "--bogus=hunter2"},
      {"login", "--tenant", "a", "-xhunter2"},
      {"login", "hunter2"},
      {"--bogus", "hunter2", "login", "--tenant", "a"},
  };
  for (const auto& line : lines) {
    EXPECT_THAT(Refused(line), AllOf(Not(HasSubstr("hunter2")), HasSubstr("--help")));
  }
  EXPECT_THAT(Refused(lines.front()), HasSubstr("--password-stdin"));
}

TEST(OptionsTest, HelpTeaches) {
  const auto parsed = Parse({"--help"});
  const auto& help = std::get<NothingToRun>(parsed);
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.err, IsEmpty());
  for (const char* text : {"token", "login", "refresh", "logout", "watch", "sessions", "Examples:",
                           "Exit codes:", "--address HOST:PORT", "--bearer-file", "--plaintext"}) {
    EXPECT_THAT(help.out, HasSubstr(text));
  }
  for (const char* command : {"token", "login", "refresh", "logout", "watch", "sessions"}) {
    const auto own = std::get<NothingToRun>(Parse({command, "--help"}));
    EXPECT_EQ(own.exit_code, 0);
    EXPECT_THAT(own.out, AllOf(HasSubstr("Example"), HasSubstr("--tenant"), HasSubstr("--ca")));
  }
}

// The command lines that stand in a help text, with what a shell would make of them.
std::vector<std::vector<std::string>> ExamplesIn(const std::string& help) {
  std::vector<std::vector<std::string>> examples;
  const std::string joined = absl::StrReplaceAll(help, {{"\\\n", " "}});
  for (absl::string_view line : absl::StrSplit(joined, '\n')) {
    const size_t start = line.find("credbroker ");
    if (!absl::StartsWith(line, "  ") || start == absl::string_view::npos) continue;
    // Up to a pipe, or to the end of $(...).
    line = line.substr(start, line.find_first_of("|)", start) - start);
    std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() > 1 && words[1] != "COMMAND") {
      examples.emplace_back(words.begin() + 1, words.end());
    }
  }
  return examples;
}

TEST(OptionsTest, ExamplesWorkAsWrittenWithABrokerOnThisMachine) {
  for (const char* command :
       {"token", "login", "refresh", "logout", "watch", "sessions", "enroll", "probe"}) {
    const auto examples = ExamplesIn(std::get<NothingToRun>(Parse({command, "--help"})).out);
    EXPECT_THAT(examples, Not(IsEmpty())) << command;
    for (const std::vector<std::string>& example : examples) {
      const Options options = Accepted(example);
      EXPECT_EQ(example.front(), command);
      // Of those that work beside the broker, one asks it.
      const bool asks = options.config_file.empty() || options.spend_attempts;
      EXPECT_EQ(options.connection.plaintext, asks) << absl::StrJoin(example, " ");
    }
  }
  const auto overview = ExamplesIn(std::get<NothingToRun>(Parse({"--help"})).out);
  EXPECT_GE(overview.size(), 3u);
  for (const std::vector<std::string>& example : overview) Accepted(example);
}

TEST(OptionsTest, ProbeSaysWhatItsAttemptsMayCost) {
  const auto help = std::get<NothingToRun>(Parse({"probe", "--help"}));
  EXPECT_THAT(help.out, HasSubstr("up to three attempts"));
}

TEST(OptionsTest, VersionIsPrinted) {
  const auto version = std::get<NothingToRun>(Parse({"--version"}));
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, ::testing::MatchesRegex("credbroker [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(OptionsTest, UnprintableCharactersAreEscaped) {
  EXPECT_THAT(Refused({"\x1b[31mred"}), AllOf(Not(HasSubstr("\x1b")), HasSubstr("\\x1b[31mred")));
}

}  // namespace
}  // namespace credbroker
