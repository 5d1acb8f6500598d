// What callers see, and what upstream is asked, when upstream misbehaves: faults.md, end to end.

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::Le;
using ::testing::Optional;
using Json = nlohmann::json;

constexpr grpc::StatusCode kUnavailable = grpc::StatusCode::UNAVAILABLE;
constexpr grpc::StatusCode kFailedPrecondition = grpc::StatusCode::FAILED_PRECONDITION;

// A fault, what callers see of it, and how many calls upstream gets for one GetToken.
struct Case {
  std::string name;
  Json faults;
  grpc::StatusCode code;
  std::string reason;
  int logins;
};

void PrintTo(const Case& example, std::ostream* out) { *out << example.name; }

class LoginFault : public testing::TestWithParam<Case> {};

TEST_P(LoginFault, FailsAsTheContractSays) {
  const Case& example = GetParam();
  const Deployment deployment;
  deployment.upstream().Arm(example.faults);
  Caller caller = deployment.NewCaller();
  const Answer failed = caller.GetToken();
  EXPECT_EQ(failed.status.error_code(), example.code) << failed.Text();
  EXPECT_EQ(failed.reason, example.reason);
  EXPECT_EQ(failed.token.access_token(), "");
  EXPECT_TRUE(failed.retry.has_value() || example.code != kUnavailable) << failed.Text();
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1);
  EXPECT_EQ(deployment.upstream().Calls("login"), example.logins);
}

Json At(const char* call, Json fault) { return {{call, std::move(fault)}}; }

INSTANTIATE_TEST_SUITE_P(
    All, LoginFault,
    testing::Values(Case{"Row1ConnectionReset", At("auth", {{"connection", "reset"}}), kUnavailable,
                         "UPSTREAM_UNAVAILABLE", 0},
                    Case{"Row4ServerErrorOnLogin", At("login", {{"status", 503}}), kUnavailable,
                         "UPSTREAM_UNAVAILABLE", 1},
                    Case{"Row8ConnectionLostAfterTheProof", At("login", {{"connection", "close"}}),
                         kUnavailable, "UPSTREAM_UNAVAILABLE", 1},
                    Case{"Row9NoTokenHeader", At("login", {{"token_header", "missing"}}),
                         kUnavailable, "UPSTREAM_MALFORMED", 1},
                    Case{"Row9TwoTokenHeaders", At("login", {{"token_header", "twice"}}),
                         kUnavailable, "UPSTREAM_MALFORMED", 1},
                    Case{"Row10TokenThatHasEnded", At("login", {{"token", "expired"}}),
                         kUnavailable, "UPSTREAM_MALFORMED", 1},
                    Case{"Row11ForeignNonce", At("auth", {{"nonce", "foreign"}}),
                         grpc::StatusCode::INTERNAL, "UPSTREAM_UNTRUSTED", 0},
                    Case{"Row12IterationsThatWrapAround",
                         At("auth", {{"iteration_count", 4294971392}}), grpc::StatusCode::INTERNAL,
                         "UPSTREAM_UNTRUSTED", 0},
                    Case{"Row13EmptySalt", At("auth", {{"salt", "empty"}}),
                         grpc::StatusCode::INTERNAL, "UPSTREAM_UNTRUSTED", 0},
                    Case{"Row15WrongSignature", At("login", {{"signature", "flipped"}}),
                         grpc::StatusCode::INTERNAL, "UPSTREAM_UNTRUSTED", 1},
                    Case{"Row15NoSignature", At("login", {{"signature", "missing"}}),
                         grpc::StatusCode::INTERNAL, "UPSTREAM_UNTRUSTED", 1},
                    Case{"Row16EndlessBody", At("login", {{"body", "endless"}}), kUnavailable,
                         "UPSTREAM_MALFORMED", 1},
                    Case{"Row18DeepJson", At("auth", {{"body", "deep"}}), kUnavailable,
                         "UPSTREAM_MALFORMED", 0},
                    Case{"Row18NotJson", At("login", {{"body", "not-json"}}), kUnavailable,
                         "UPSTREAM_MALFORMED", 1}),
    [](const auto& instance) { return instance.param.name; });

TEST(Fault, Row1AnUnreachableUpstreamIsUnavailableAndTheLiveTokenIsServed) {
  Deployment deployment;
  Caller caller = deployment.NewCaller();
  const std::string token = caller.GetToken().token.access_token();
  deployment.upstream().Stop();
  EXPECT_EQ(caller.GetToken().token.access_token(), token);
  const Answer cold = caller.GetToken("second");
  EXPECT_EQ(cold.status.error_code(), kUnavailable);
  EXPECT_EQ(cold.reason, "UPSTREAM_UNAVAILABLE");
  EXPECT_TRUE(cold.retry.has_value());
  const Answer refreshed = caller.Refresh();
  EXPECT_EQ(refreshed.reason, "UPSTREAM_UNAVAILABLE");
  EXPECT_EQ(caller.GetToken().token.access_token(), token);
}

TEST(Fault, Row2ACallersDeadlineIsItsOwnAndTheExchangeGoesOn) {
  const Deployment deployment({.sandbox = {"--latency", "600ms"}});
  Answer patient;
  std::jthread other([&] { patient = deployment.NewCaller().GetToken(); });
  const Answer hasty = deployment.NewCaller().GetToken("", absl::Milliseconds(100));
  EXPECT_EQ(hasty.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  other.join();
  EXPECT_TRUE(patient.ok()) << patient.Text();
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1);
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

TEST(Fault, Row4AProofIsNeverSentAgain) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  deployment.upstream().Arm(At("login", {{"times", 1}, {"status", 503}}));
  EXPECT_EQ(caller.GetToken().reason, "UPSTREAM_UNAVAILABLE");
  // What comes next is a whole exchange.
  EXPECT_TRUE(Eventually([&] { return caller.GetToken().ok(); }));
  EXPECT_EQ(deployment.upstream().Calls("auth"), 2);
  EXPECT_EQ(deployment.upstream().Calls("login"), 2);
  const Json proofs = deployment.upstream().Secrets()["proofs"];
  EXPECT_THAT(proofs, testing::SizeIs(1));  // A faulted call is not processed.
}

TEST(Fault, Row5RetryAfterIsPassedOnAndKept) {
  const Deployment deployment;
  deployment.upstream().Arm(At("auth", {{"status", 429}, {"retry_after", 47}}));
  Caller caller = deployment.NewCaller();
  for (int i = 0; i < 3; ++i) {
    const Answer refused = caller.GetToken();
    EXPECT_EQ(refused.status.error_code(), kUnavailable);
    EXPECT_EQ(refused.reason, "UPSTREAM_UNAVAILABLE");
    EXPECT_THAT(refused.retry, Optional(AllOf(Gt(absl::Seconds(10)), Le(absl::Seconds(47)))));
  }
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1);
}

TEST(Fault, Row6ARejectedPasswordIsTriedOnceUntilItsFileChanges) {
  const Deployment deployment;
  deployment.folder().Write("demo", "Canary-Wrong-Password-61d0aa");
  Caller caller = deployment.NewCaller();
  const Answer rejected = caller.GetToken();
  EXPECT_EQ(rejected.status.error_code(), kFailedPrecondition);
  EXPECT_EQ(rejected.reason, "CREDENTIAL_REJECTED");
  for (int i = 0; i < 5; ++i) {
    const Answer held = deployment.NewCaller().GetToken();
    EXPECT_EQ(held.status.error_code(), kFailedPrecondition);
    EXPECT_EQ(held.reason, "CREDENTIAL_HELD_BACK");
    EXPECT_THAT(held.retry, Optional(AllOf(Gt(absl::Minutes(4)), Le(absl::Minutes(5)))));
  }
  EXPECT_EQ(deployment.Credbroker({"login", "--tenant", "demo", "--force-new"}).exit_code, 1);
  EXPECT_EQ(deployment.upstream().Stats()["accounts"][kEmail]["logins_rejected"], 1);
  EXPECT_EQ(deployment.upstream().Calls("auth"), 1);
  EXPECT_TRUE(caller.GetToken("second").ok());

  deployment.folder().Write("demo", kPassword);
  EXPECT_TRUE(Eventually([&] { return caller.GetToken().ok(); }));
  EXPECT_EQ(deployment.upstream().Stats()["accounts"][kEmail]["logins_rejected"], 1);
}

TEST(Fault, Row6AnOperatorMayLetOneAttemptThrough) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  deployment.upstream().Change({{"email", kEmail}, {"locked", true}});
  EXPECT_EQ(caller.GetToken().reason, "CREDENTIAL_REJECTED");
  deployment.upstream().Change({{"email", kEmail}, {"locked", false}});
  EXPECT_EQ(caller.GetToken().reason, "CREDENTIAL_HELD_BACK");
  const Outcome released = deployment.Credbroker({"login", "--tenant", "demo", "--release-hold"});
  EXPECT_EQ(released.exit_code, 0) << released.err;
  EXPECT_TRUE(caller.GetToken().ok());
  EXPECT_EQ(deployment.upstream().Calls("login"), 2);
}

TEST(Fault, Row7ADeadRefreshTokenLeadsToOneLoginAndIsNeverSentAgain) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  const v1::Token before = caller.GetToken().token;
  deployment.upstream().Revoke({{"what", "refresh"}});
  std::vector<Answer> answers(8);
  std::vector<std::jthread> threads;
  for (Answer& answer : answers) {
    threads.emplace_back([&] { answer = deployment.NewCaller().Refresh("", before.generation()); });
  }
  for (std::jthread& thread : threads) thread.join();
  for (const Answer& answer : answers) {
    ASSERT_TRUE(answer.ok()) << answer.Text();
    EXPECT_EQ(answer.token.access_token(), answers[0].token.access_token());
    EXPECT_EQ(answer.token.generation(), 2u);
  }
  const Json stats = deployment.upstream().Stats();
  EXPECT_EQ(stats["calls"]["session"]["total"], 1);
  EXPECT_EQ(stats["calls"]["login"]["total"], 2);
  EXPECT_EQ(stats["reused_after_dead"], 0);
}

TEST(Fault, Row8AnUnknownOutcomeIsCounted) {
  const Deployment deployment;
  deployment.upstream().Arm(At("login", {{"times", 1}, {"connection", "close"}}));
  EXPECT_EQ(deployment.NewCaller().GetToken().reason, "UPSTREAM_UNAVAILABLE");
  EXPECT_THAT(Exposition(deployment.Get("/metrics").body)
                  .Value("credbroker_login_outcome_unknown_total", {{"tenant", "demo"}}),
              Optional(1));
  EXPECT_EQ(deployment.upstream().Stats()["accounts"][kEmail]["devices"], 1);
}

TEST(Fault, Row15AnUntrustedUpstreamIsCountedAndItsTokenThrownAway) {
  const Deployment deployment;
  deployment.upstream().Arm(At("login", {{"signature", "flipped"}}));
  Caller caller = deployment.NewCaller();
  EXPECT_EQ(caller.GetToken().reason, "UPSTREAM_UNTRUSTED");
  EXPECT_EQ(caller.ListSessions().sessions(0).generation(), 0u);
  EXPECT_THAT(Exposition(deployment.Get("/metrics").body)
                  .Value("credbroker_upstream_untrusted_total", {{"tenant", "demo"}}),
              Optional(1));
}

TEST(Fault, Row19ARedirectIsNotFollowed) {
  const Deployment deployment;
  const Sandbox elsewhere({});
  deployment.upstream().Arm(
      At("all", {{"redirect", absl::StrCat("http://", elsewhere.address(), "/api/auth/auth")}}));
  const Answer refused = deployment.NewCaller().GetToken();
  EXPECT_EQ(refused.status.error_code(), kUnavailable);
  EXPECT_EQ(refused.reason, "UPSTREAM_MALFORMED");
  // The one connection is this question's.
  EXPECT_EQ(elsewhere.Stats()["connections"], 1);
}

TEST(Fault, Row37NamesWithControlCharactersAreRefusedAndNotRepeated) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  for (const std::string& name :
       {std::string("a\r\nb"), std::string("a\0b", 3), std::string("../x"), std::string(70, 'a')}) {
    const Answer refused = caller.GetToken(name);
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_EQ(refused.reason, "INVALID_FIELD");
  }
  EXPECT_EQ(caller.GetToken(std::string(10 << 20, 'a')).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(deployment.upstream().Calls("auth"), 0);
}

}  // namespace
}  // namespace credbroker
