// What the broker is for: a token of a real SCRAM exchange, from a shell and over gRPC.

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

Json Parsed(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  Json json = Json::parse(outcome.out, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << outcome.out;
  return json;
}

TEST(MainJob, TheShellGetsTheTokenThatUpstreamAcceptsAndNothingElse) {
  const Deployment deployment;
  const Outcome outcome = deployment.Credbroker({"token", "--tenant", "demo"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, MatchesRegex("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\n"));
  const std::string token = outcome.out.substr(0, outcome.out.size() - 1);
  EXPECT_TRUE(deployment.upstream().Accepts(token));
  EXPECT_FALSE(deployment.upstream().Accepts(token + "x"));
  EXPECT_EQ(deployment.NewCaller().GetToken().token.access_token(), token);
}

TEST(MainJob, TheJsonAnswerHasTheTokenAndWhatBelongsToIt) {
  const Deployment deployment;
  const Json json =
      Parsed(deployment.Credbroker({"token", "--tenant", "demo", "--output", "json"}));
  const v1::Token token = deployment.NewCaller().GetToken().token;
  EXPECT_EQ(json["token"]["accessToken"], token.access_token());
  EXPECT_EQ(json["token"]["headerName"], "Session");
  EXPECT_EQ(json["token"]["generation"], "1");
  EXPECT_EQ(json["token"]["deviceId"], token.device_id());
  EXPECT_EQ(token.expire_time().seconds() - token.issue_time().seconds(), 300);
}

TEST(MainJob, ManyCallersOfAColdAccountCauseOneExchange) {
  const Deployment deployment({.sandbox = {"--latency", "100ms"}});
  constexpr int kCallersAtOnce = 8;
  constexpr int kCallsEach = 4;
  std::vector<Answer> answers(kCallersAtOnce * kCallsEach);
  std::vector<std::jthread> threads;
  Caller first = deployment.NewCaller();
  for (size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back(
        [&, i] { answers[i] = i % 2 == 0 ? first.GetToken() : deployment.NewCaller().GetToken(); });
  }
  for (std::jthread& thread : threads) thread.join();
  for (const Answer& answer : answers) {
    EXPECT_TRUE(answer.ok()) << answer.Text();
    EXPECT_EQ(answer.token.access_token(), answers[0].token.access_token());
  }
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1);
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

TEST(MainJob, AccountsOfATenantHaveTheirOwnSessions) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  const std::string first = caller.GetToken().token.access_token();
  EXPECT_EQ(caller.GetToken("demo").token.access_token(), first);
  const std::string second = caller.GetToken("second").token.access_token();
  EXPECT_NE(second, first);
  EXPECT_TRUE(deployment.upstream().Accepts(second));
}

TEST(MainJob, LoginSaysWhetherASessionWasThere) {
  const Deployment deployment;
  const Outcome first = deployment.Credbroker({"login", "--tenant", "demo"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("reused:     no\n"));
  EXPECT_THAT(deployment.Credbroker({"login", "--tenant", "demo"}).out,
              HasSubstr("reused:     yes\n"));
  const Json forced = Parsed(
      deployment.Credbroker({"login", "--tenant", "demo", "--force-new", "--output", "json"}));
  EXPECT_EQ(forced["reused"], false);
  EXPECT_EQ(forced["token"]["generation"], "2");
  EXPECT_EQ(deployment.upstream().Calls("login"), 2);
}

TEST(MainJob, RefreshReplacesTheTokenWithoutAPassword) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  const std::string before = caller.GetToken().token.access_token();
  const Outcome outcome = deployment.Credbroker({"refresh", "--tenant", "demo"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("generation: 2\n"));
  const Json same = Parsed(deployment.Credbroker(
      {"refresh", "--tenant", "demo", "--if-generation", "1", "--output", "json"}));
  EXPECT_EQ(same["token"]["generation"], "2");
  EXPECT_NE(same["token"]["accessToken"], before);
  EXPECT_EQ(deployment.upstream().Calls("session"), 1);
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

TEST(MainJob, AWatchTellsOfEachTokenUntilTheLogout) {
  const Deployment deployment;
  const auto text = deployment.StartCredbroker({"watch", "--tenant", "demo"});
  const auto json = deployment.StartCredbroker({"watch", "--tenant", "demo", "--output", "json"});
  text->WaitForLine("generation 1, expires ");
  json->WaitForLine("{", 1);
  Caller caller = deployment.NewCaller();
  const std::string second = caller.Refresh().token.access_token();
  text->WaitForLine("generation 2, expires ");
  EXPECT_THAT(json->WaitForLine("{", 2), HasSubstr(second));
  EXPECT_TRUE(caller.Logout());
  EXPECT_EQ(text->WaitForLine("revoked: "), "LOGGED_OUT");
  EXPECT_THAT(json->WaitForLine("{", 3), HasSubstr("REASON_LOGGED_OUT"));
  EXPECT_EQ(text->WaitForExit().code, 0);
  EXPECT_EQ(json->WaitForExit().code, 0);
  EXPECT_EQ(text->err() + json->err(), "");
  EXPECT_THAT(text->out(), Not(HasSubstr(second)));
}

TEST(MainJob, LogoutEndsTheSessionUpstream) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  const std::string token = caller.GetToken().token.access_token();
  const Outcome outcome = deployment.Credbroker({"logout", "--tenant", "demo"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "logged out, confirmed upstream\n");
  EXPECT_FALSE(deployment.upstream().Accepts(token));
  const Json account = deployment.upstream().Stats()["accounts"][kEmail];
  EXPECT_EQ(account["refresh_tokens_live"], 0);
  EXPECT_EQ(account["logouts_ok"], 1);
  EXPECT_EQ(Parsed(deployment.Credbroker({"logout", "--tenant", "demo", "--output", "json"})),
            Json({{"revokedUpstream", false}}));
  const v1::Token next = caller.GetToken().token;
  EXPECT_EQ(next.generation(), 2u);
  EXPECT_TRUE(deployment.upstream().Accepts(next.access_token()));
}

TEST(MainJob, SessionsListsEveryAccountWithoutSecrets) {
  const Deployment deployment;
  const std::string token = deployment.NewCaller().GetToken().token.access_token();
  const Json json = Parsed(deployment.Credbroker({"sessions", "--output", "json"}));
  ASSERT_EQ(json["sessions"].size(), 2u);
  EXPECT_EQ(json["sessions"][0]["account"], "demo");
  EXPECT_EQ(json["sessions"][0]["state"], "SESSION_STATE_LIVE");
  EXPECT_EQ(json["sessions"][1]["account"], "second");
  EXPECT_EQ(json["sessions"][1]["state"], "SESSION_STATE_ABSENT");
  const Outcome text = deployment.Credbroker({"sessions", "--tenant", "demo"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, StartsWith("TENANT  ACCOUNT  STATE"));
  EXPECT_THAT(text.out + json.dump(), Not(HasSubstr(token)));
}

TEST(MainJob, ARefusalIsExitCodeOneWithCodeAndReason) {
  const Deployment deployment;
  const Outcome outcome = deployment.Credbroker({"token", "--tenant", "nobody"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("credbroker: NOT_FOUND: TENANT_UNKNOWN: "));
  const Outcome account =
      deployment.Credbroker({"token", "--tenant", "demo", "--account", "nobody"});
  EXPECT_THAT(account.err, StartsWith("credbroker: NOT_FOUND: ACCOUNT_UNKNOWN: "));
}

TEST(MainJob, Row22NoTokenIsTracedToStandardError) {
  const Deployment deployment;
  const Outcome outcome = deployment.Credbroker({"token", "--tenant", "demo"}, "",
                                                {"GRPC_TRACE=all", "GRPC_VERBOSITY=DEBUG"});
  ASSERT_EQ(outcome.exit_code, 0);
  const std::string payload = outcome.out.substr(outcome.out.find('.') + 1, 40);
  EXPECT_THAT(outcome.err, Not(HasSubstr(payload)));
}

TEST(MainJob, AWrongCommandLineIsExitCodeTwo) {
  const Deployment deployment;
  const Outcome outcome = deployment.Credbroker({"token"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("--tenant"));
}

TEST(MainJob, ACallersPasswordMakesASessionOfItsOwn) {
  const Deployment deployment({.tenant = "  caller_passwords: true\n"});
  const Outcome outcome = deployment.Credbroker(
      {"login", "--tenant", "demo", "--account", kCallerEmail, "--password-stdin"},
      std::string(kCallerPassword) + "\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("reused:     no\n"));
  const Answer token = deployment.NewCaller().GetToken(kCallerEmail);
  EXPECT_TRUE(token.ok()) << token.Text();
  EXPECT_TRUE(deployment.upstream().Accepts(token.token.access_token()));
}

}  // namespace
}  // namespace credbroker
