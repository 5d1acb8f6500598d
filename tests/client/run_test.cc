#include "client/cli/run.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::StartsWith;

class RunTest : public ::testing::Test {
 protected:
  Outcome Call(std::vector<std::string> arguments, const std::string& in = "") {
    arguments.insert(arguments.begin(), {"--plaintext", "--address", broker_.address()});
    return RunLine(arguments, in);
  }
  // The same with JSON output, read back into `message`.
  void CallJson(std::vector<std::string> arguments, google::protobuf::Message& message) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Outcome outcome = Call(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1) << "one document, one line";
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &message).ok());
  }

  FakeBroker broker_;
};

TEST_F(RunTest, TokenIsBare) {
  const Outcome outcome = Call({"token", "--tenant", "acme", "--account", "reporting"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, broker_.token.access_token() + "\n");
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_EQ(broker_.get_token.tenant(), "acme");
  EXPECT_EQ(broker_.get_token.account(), "reporting");
  EXPECT_FALSE(broker_.get_token.has_min_remaining_lifetime());
}

TEST_F(RunTest, TokenPassesTheLifetimeOn) {
  Call({"token", "--tenant", "acme", "--min-remaining", "1500ms"});
  EXPECT_EQ(broker_.get_token.min_remaining_lifetime().seconds(), 1);
  EXPECT_EQ(broker_.get_token.min_remaining_lifetime().nanos(), 500000000);
}

TEST_F(RunTest, WhatIsNoTokenIsNotPrinted) {
  for (const char* text : {"", "a b", "a\nb", "a\x1b[2J"}) {
    broker_.token.set_access_token(text);
    for (const char* command : {"token", "login", "refresh"}) {
      const Outcome outcome = Call({command, "--tenant", "acme"});
      EXPECT_EQ(outcome.exit_code, 1);
      EXPECT_THAT(outcome.out, IsEmpty());
      EXPECT_THAT(outcome.err, StartsWith("credbroker: INTERNAL: unusable answer"));
    }
  }
}

TEST_F(RunTest, JsonIsTheAnswerInProtobufsMapping) {
  v1::GetTokenResponse token;
  CallJson({"token", "--tenant", "acme"}, token);
  EXPECT_EQ(token.token().SerializeAsString(), broker_.token.SerializeAsString());
  broker_.reused = true;
  v1::LoginResponse login;
  CallJson({"login", "--tenant", "acme"}, login);
  EXPECT_EQ(login.token().generation(), 7u);
  EXPECT_TRUE(login.reused());
  v1::RefreshResponse refresh;
  CallJson({"refresh", "--tenant", "acme"}, refresh);
  EXPECT_EQ(refresh.token().generation(), 7u);
  v1::LogoutResponse logout;
  CallJson({"logout", "--tenant", "acme"}, logout);
  EXPECT_TRUE(logout.revoked_upstream());
}

TEST_F(RunTest, LoginTellsAllButTheToken) {
  broker_.reused = true;
  const Outcome outcome = Call({"login", "--tenant", "acme"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            "generation: 7\n"
            "expires:    2030-01-01T00:05:00Z (in 5m)\n"
            "header:     Session\n"
            "device:     device-1\n"
            "reused:     yes\n");
  EXPECT_FALSE(broker_.login.has_password());
  EXPECT_FALSE(broker_.login.has_device());
  EXPECT_FALSE(broker_.login.force_new());
  EXPECT_FALSE(broker_.login.release_hold());
}

TEST_F(RunTest, LoginPassesItsOptionsOn) {
  Call({"login", "--tenant", "acme", "--force-new", "--release-hold", "--os", "Plan 9"});
  EXPECT_TRUE(broker_.login.force_new());
  EXPECT_TRUE(broker_.login.release_hold());
  EXPECT_EQ(broker_.login.device().os(), "Plan 9");
  EXPECT_FALSE(broker_.login.device().has_browser());
}

TEST_F(RunTest, ThePasswordComesFromStandardInputOrAFileAndIsNeverShown) {
  const std::vector<std::string> line = {"login", "--tenant", "acme", "--account", "me@x.example"};
  std::vector<std::string> from_stdin = line;
  from_stdin.push_back("--password-stdin");
  const TemporaryFile file("hunter2\n");
  std::vector<std::string> from_file = line;
  from_file.insert(from_file.end(), {"--password-file", file.path()});
  for (const grpc::Status& status :
       {grpc::Status::OK,
        BrokerFailure(grpc::StatusCode::FAILED_PRECONDITION, "rejected", "CREDENTIAL_REJECTED")}) {
    broker_.status = status;
    for (const auto& arguments : {from_stdin, from_file}) {
      broker_.login.Clear();
      const Outcome outcome = Call(arguments, "hunter2\n");
      EXPECT_EQ(outcome.exit_code, status.ok() ? 0 : 1);
      EXPECT_EQ(broker_.login.password(), "hunter2");
      EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("hunter2")));
    }
  }
}

TEST_F(RunTest, AnUnusablePasswordIsUsageAndNothingIsSent) {
  const Outcome outcome = Call({"login", "--tenant", "acme", "--password-stdin"}, "\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--password-stdin"));
  EXPECT_EQ(broker_.calls, 0);
}

TEST_F(RunTest, RefreshTellsAllButTheToken) {
  const Outcome outcome = Call({"refresh", "--tenant", "acme", "--if-generation", "6"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("generation: 7\n"), HasSubstr("header:     Session\n"),
                                 Not(HasSubstr(broker_.token.access_token()))));
  EXPECT_EQ(broker_.refresh.if_generation(), 6u);
  Call({"refresh", "--tenant", "acme"});
  EXPECT_FALSE(broker_.refresh.has_if_generation());
}

TEST_F(RunTest, LogoutTellsWhetherUpstreamKnows) {
  EXPECT_EQ(Call({"logout", "--tenant", "acme"}).out, "logged out, confirmed upstream\n");
  EXPECT_EQ(broker_.logout.tenant(), "acme");
  broker_.revoked_upstream = false;
  const Outcome outcome = Call({"logout", "--tenant", "acme"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("not confirmed"));
}

TEST_F(RunTest, SessionsAreReadPageByPage) {
  broker_.pages.resize(3);
  for (size_t page = 0; page < 3; ++page) {
    v1::Session* session = broker_.pages[page].add_sessions();
    session->set_tenant("acme");
    session->set_account(absl::StrCat("account-", page));
    session->set_state(v1::SESSION_STATE_LIVE);
    if (page < 2) broker_.pages[page].set_next_page_token(absl::StrCat(page + 1));
  }
  const Outcome outcome = Call({"sessions", "--tenant", "acme"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("account-0"), HasSubstr("account-1"), HasSubstr("account-2")));
  ASSERT_EQ(broker_.list_sessions.size(), 3u);
  EXPECT_EQ(broker_.list_sessions[0].page_token(), "");
  EXPECT_EQ(broker_.list_sessions[2].page_token(), "2");
  for (const auto& request : broker_.list_sessions) {
    EXPECT_EQ(request.tenant(), "acme");
    EXPECT_EQ(request.page_size(), 1000);
  }
  v1::ListSessionsResponse all;
  CallJson({"sessions"}, all);
  EXPECT_EQ(all.sessions_size(), 3);
  EXPECT_EQ(all.next_page_token(), "");
}

TEST_F(RunTest, APageThatIsFollowedByItselfEndsTheList) {
  broker_.pages.resize(2);
  broker_.pages[0].set_next_page_token("1");
  broker_.pages[1].set_next_page_token("1");
  EXPECT_EQ(Call({"sessions"}).exit_code, 1);
  EXPECT_EQ(broker_.list_sessions.size(), 2u);
}

TEST_F(RunTest, EveryCommandReportsTheBrokersRefusal) {
  broker_.status = BrokerFailure(grpc::StatusCode::FAILED_PRECONDITION, "spared for now",
                                 "CREDENTIAL_HELD_BACK", absl::Seconds(12));
  for (const char* command : {"token", "login", "refresh", "logout", "watch", "sessions"}) {
    for (const char* output : {"text", "json"}) {
      const Outcome outcome = Call({command, "--tenant", "acme", "--output", output});
      EXPECT_EQ(outcome.exit_code, 1) << command;
      EXPECT_THAT(outcome.out, IsEmpty()) << command;
      EXPECT_EQ(outcome.err,
                "credbroker: FAILED_PRECONDITION: CREDENTIAL_HELD_BACK: spared for now; retry in "
                "12s\n");
    }
  }
}

TEST_F(RunTest, UnprintableCharactersOfTheBrokerAreEscaped) {
  broker_.token.set_header_name("Ses\x1b[2Jsion");
  broker_.token.set_device_id("\x07");
  const Outcome login = Call({"login", "--tenant", "acme"});
  EXPECT_THAT(login.out, AllOf(HasSubstr("Ses\\x1b[2Jsion"), Not(HasSubstr("\x1b"))));
  broker_.status = BrokerFailure(grpc::StatusCode::INTERNAL, "a\x1b[2Jb", "R");
  const Outcome refused = Call({"login", "--tenant", "acme"});
  EXPECT_THAT(refused.err, AllOf(HasSubstr("a\\x1b[2Jb"), Not(HasSubstr("\x1b"))));
}

// gRPC rounds a deadline up on its way.
TEST_F(RunTest, UnaryCallsHaveThirtySecondsOrWhatIsGiven) {
  Call({"token", "--tenant", "acme"});
  EXPECT_THAT(broker_.time_given, AllOf(Ge(absl::Seconds(20)), Le(absl::Seconds(31))));
  Call({"token", "--tenant", "acme", "--timeout", "1h"});
  EXPECT_THAT(broker_.time_given, AllOf(Ge(absl::Minutes(59)), Le(absl::Minutes(62))));
}

TEST_F(RunTest, TheBearerTokenIsSentAndNeverShown) {
  const TemporaryFile file("abc.def\n");
  const Outcome outcome = Call({"sessions", "--bearer-file", file.path()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(broker_.authorization, "Bearer abc.def");
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("abc.def")));
  Call({"sessions"});
  EXPECT_EQ(broker_.authorization, "");
}

TEST_F(RunTest, AFileThatCannotBeReadIsUsageAndNothingIsSent) {
  const Outcome outcome = Call({"sessions", "--bearer-file", "/nonexistent/\x1b"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "credbroker: --bearer-file /nonexistent/\\x1b: No such file or directory\n");
  EXPECT_EQ(broker_.calls, 0);
}

TEST_F(RunTest, AnOutputThatCannotBeWrittenFails) {
  std::istringstream in;
  std::ostringstream err;
  std::ostream closed(nullptr);
  const std::string address = broker_.address();
  for (const char* command : {"token", "login", "refresh", "logout", "sessions"}) {
    const std::vector<const char*> argv = {
        "credbroker", "--plaintext", "--address", address.c_str(), command, "--tenant", "acme"};
    closed.clear();
    err.str("");
    EXPECT_EQ(RunCredbroker(static_cast<int>(argv.size()), argv.data(), in, closed, err), 1);
    EXPECT_EQ(err.str(), "credbroker: cannot write to standard output\n") << command;
  }
}

TEST(RunWithoutBrokerTest, NobodyListensAndTheAddressIsNamed) {
  std::string address;
  {
    const FakeBroker broker;
    address = broker.address();
  }
  const Outcome outcome = RunLine({"--plaintext", "--address", address, "token", "--tenant", "a"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, AllOf(StartsWith("credbroker: UNAVAILABLE: "), HasSubstr(address)));
}

TEST(RunWithoutBrokerTest, UsageExitsTwoAndHelpZero) {
  EXPECT_EQ(RunLine({}).exit_code, 2);
  EXPECT_EQ(RunLine({"token"}).exit_code, 2);
  EXPECT_THAT(RunLine({"token"}).out, IsEmpty());
  EXPECT_EQ(RunLine({"--help"}).exit_code, 0);
  EXPECT_EQ(RunLine({"watch", "--help"}).exit_code, 0);
  EXPECT_EQ(RunLine({"--version"}).exit_code, 0);
}

}  // namespace
}  // namespace credbroker
