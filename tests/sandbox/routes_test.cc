#include "tests/sandbox/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"

#include "tests/sandbox/sandbox_test.h"

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

json ClaimsOf(const std::string& jwt) {
  const std::vector<std::string> parts = absl::StrSplit(jwt, '.');
  EXPECT_EQ(parts.size(), 3U);
  std::string claims;
  EXPECT_TRUE(absl::WebSafeBase64Unescape(parts[1], &claims));
  return json::parse(claims);
}

class MechanismTest : public SandboxTest, public testing::WithParamInterface<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(All, MechanismTest,
                         testing::Values(Mechanism::kScramSha1, Mechanism::kScramSha256,
                                         Mechanism::kScramSha512),
                         [](const auto& p) { return TestNameOf(p.param); });

TEST_P(MechanismTest, LoginProvesBothSides) {
  UpstreamOptions options;
  options.mechanism = GetParam();
  Start(options);
  const auto login = Login();
  ASSERT_EQ(login->status, 200) << login->body;
  const json body = json::parse(login->body);
  EXPECT_EQ(body["signature"], expected_signature_);
  EXPECT_EQ(body["redirectProjectId"], nullptr);
  EXPECT_EQ(body["sendbirdSessionToken"], nullptr);
  EXPECT_EQ(body.size(), 5U);
}

TEST_P(MechanismTest, WrongPasswordIs401) {
  UpstreamOptions options;
  options.mechanism = GetParam();
  Start(options);
  const auto login = Login(kEmail, "Pencil");
  EXPECT_EQ(login->status, 401);
  EXPECT_TRUE(json::parse(login->body)["error"].is_string());
  EXPECT_EQ(GetStats()["accounts"][kEmail]["logins_rejected"], 1);
}

class RoutesTest : public SandboxTest {};

TEST_F(RoutesTest, ChallengeHasFloatsAndADate) {
  Start();
  const auto first = Auth();
  ASSERT_EQ(first->status, 200);
  const json body = json::parse(first->body);
  EXPECT_TRUE(body["iterationCount"].is_number_float());
  EXPECT_EQ(body["iterationCount"], 4096.0);
  EXPECT_TRUE(body["expires"].is_number_float());
  EXPECT_EQ(body.size(), 4U);
  EXPECT_EQ(first->get_header_value_count("Date"), 1U);
  EXPECT_EQ(first->get_header_value_count("Content-Length"), 1U);
}

TEST_F(RoutesTest, TheWholeLifeOfASession) {
  Start();
  const auto login = Login();
  const std::string token = login->get_header_value("Session");
  const json claims = ClaimsOf(token);
  EXPECT_EQ(claims["sub"], kEmail);
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 300);
  const std::string refresh_token = json::parse(login->body)["refreshToken"];
  EXPECT_EQ(WhoAmI(token), 200);

  const auto refreshed = Refresh(refresh_token);
  ASSERT_EQ(refreshed->status, 200);
  const std::string new_token = refreshed->get_header_value("Session");
  EXPECT_NE(new_token, token);
  EXPECT_EQ(json::parse(refreshed->body)["deviceId"], json::parse(login->body)["deviceId"]);
  EXPECT_EQ(WhoAmI(token), 200);
  EXPECT_EQ(WhoAmI(new_token), 200);

  EXPECT_EQ(Logout(new_token)->status, 200);
  EXPECT_EQ(Logout(new_token)->status, 401);
  EXPECT_EQ(WhoAmI(token), 401);
  EXPECT_EQ(GetStats()["reused_after_dead"], 0);
  EXPECT_EQ(Refresh(refresh_token)->status, 416);
  const json stats = GetStats();
  EXPECT_EQ(stats["reused_after_dead"], 1);
  const json& account = stats["accounts"][kEmail];
  EXPECT_EQ(account["calls"], json::parse(R"({"auth": 1, "login": 1, "session": 2, "logout": 1})"));
  EXPECT_EQ(account["refreshes_ok"], 1);
  EXPECT_EQ(account["sessions_live"], 0);
  EXPECT_EQ(account["devices"], 1);
}

TEST_F(RoutesTest, AChallengeIsForSingleUse) {
  Start();
  const json message = FinalMessage(json::parse(Auth()->body));
  EXPECT_EQ(Post("/api/auth/login", message)->status, 200);
  EXPECT_EQ(Post("/api/auth/login", message)->status, 400);
}

TEST_F(RoutesTest, ALapsedChallengeIs400) {
  UpstreamOptions options;
  options.settings.challenge_lifetime = absl::ZeroDuration();
  Start(options);
  EXPECT_EQ(Login()->status, 400);
}

TEST_F(RoutesTest, PlatformMustBeEqualInBothMessages) {
  Start();
  const json one = FinalMessage(json::parse(Auth(kEmail, {{"Platform", "App"}})->body));
  EXPECT_EQ(Post("/api/auth/login", one)->status, 400);
  const json other = FinalMessage(json::parse(Auth(kEmail, {{"Platform", "App"}})->body));
  EXPECT_EQ(Post("/api/auth/login", other, {{"Platform", "App"}})->status, 200);
  EXPECT_EQ(GetStats()["platforms"], json::parse(R"({"": 1, "App": 3})"));
}

TEST_F(RoutesTest, AnUnknownEmailGetsAStableSaltThen401) {
  Start();
  const json one = json::parse(Auth("nobody@example.com")->body);
  const json other = json::parse(Auth("nobody@example.com")->body);
  EXPECT_EQ(one["salt"], other["salt"]);
  EXPECT_NE(one["nonce"], other["nonce"]);
  EXPECT_EQ(Login("nobody@example.com")->status, 401);
}

TEST_F(RoutesTest, MalformedRequestsAre400) {
  Start();
  const json good = {{"email", kEmail}, {"nonce", kClientNonce}};
  ASSERT_EQ(Post("/api/auth/auth", good)->status, 200);
  for (const char* patch :
       {R"({"email": null})", R"({"email": 1})", R"({"email": ""})", R"({"email": "a\u0007"})",
        R"({"email": "\u2168@example.com"})", R"({"nonce": null})", R"({"nonce": "a,b"})",
        R"({"nonce": "a b"})", R"({"nonce": ""})", R"({"Nonce": "x"})"}) {
    json bad = good;
    bad.update(json::parse(patch));
    EXPECT_EQ(Post("/api/auth/auth", bad)->status, 400) << patch;
  }
  EXPECT_EQ(StatusOf(client_->Post("/api/auth/auth", good.dump(), "text/plain")), 400);
  EXPECT_EQ(StatusOf(client_->Post("/api/auth/auth", "{", "application/json")), 400);
  EXPECT_EQ(Post("/api/auth/session", json::object())->status, 400);
  json message = FinalMessage(json::parse(Auth()->body));
  message["deviceName"] = 1;
  EXPECT_EQ(Post("/api/auth/login", message)->status, 400);
  message["deviceName"] = nullptr;
  EXPECT_EQ(Post("/api/auth/login", message)->status, 200);
}

TEST_F(RoutesTest, OtherMethodsAre405AndOtherPaths404) {
  Start();
  EXPECT_EQ(StatusOf(client_->Get("/api/auth/auth")), 405);
  EXPECT_EQ(Post("/api/auth/logout", json::object())->status, 405);
  EXPECT_EQ(StatusOf(client_->Get("/auth/logout")), 404);
  EXPECT_EQ(StatusOf(client_->Get("/_sandbox/nothing")), 404);
}

TEST_F(RoutesTest, TheThirdWrongProofLocksTheAccount) {
  UpstreamOptions options;
  options.lock_after = 3;
  Start(options);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Login(kEmail, "wrong")->status, 401);
  EXPECT_EQ(GetStats()["accounts"][kEmail]["locked"], false);
  EXPECT_EQ(Login(kEmail, "wrong")->status, 401);
  EXPECT_EQ(GetStats()["accounts"][kEmail]["locked"], true);
  EXPECT_EQ(Login()->status, 401);
  ASSERT_EQ(Put("accounts", {{"email", kEmail}, {"locked", false}}), 200);
  EXPECT_EQ(Login()->status, 200);
}

TEST_F(RoutesTest, AForbiddenAccountIs403) {
  Start();
  const std::string refresh_token = json::parse(Login()->body)["refreshToken"];
  ASSERT_EQ(Put("accounts", {{"email", kEmail}, {"forbidden", true}}), 200);
  EXPECT_EQ(Refresh(refresh_token)->status, 403);
  EXPECT_EQ(Login()->status, 403);
}

TEST_F(RoutesTest, ANewPasswordDrawsANewSalt) {
  Start();
  const json before = json::parse(Auth()->body);
  ASSERT_EQ(Put("accounts", {{"email", kEmail}, {"password", "crayon"}, {"iterations", 5000}}),
            200);
  const json after = json::parse(Auth()->body);
  EXPECT_NE(before["salt"], after["salt"]);
  EXPECT_EQ(after["iterationCount"], 5000.0);
  EXPECT_EQ(Login()->status, 401);
  EXPECT_EQ(Login(kEmail, "crayon")->status, 200);
}

TEST_F(RoutesTest, EmailsWithSpecialCharactersWork) {
  Start();
  const std::string email = "a=b,c@example.com";
  ASSERT_EQ(Put("accounts", {{"email", email}, {"password", kPassword}}), 200);
  EXPECT_EQ(Login(email)->status, 200);
}

TEST_F(RoutesTest, RevokeKillsWhatItSays) {
  Start();
  const auto login = Login();
  const std::string token = login->get_header_value("Session");
  const std::string refresh_token = json::parse(login->body)["refreshToken"];
  EXPECT_EQ(Post("/_sandbox/revoke", {{"email", kEmail}, {"what", "jwt"}})->status, 200);
  EXPECT_EQ(WhoAmI(token), 401);
  const auto refreshed = Refresh(refresh_token);
  EXPECT_EQ(refreshed->status, 200);
  EXPECT_EQ(Post("/_sandbox/revoke", {{"what", "refresh"}})->status, 200);
  EXPECT_EQ(WhoAmI(refreshed->get_header_value("Session")), 200);
  EXPECT_EQ(Refresh(refresh_token)->status, 416);
  EXPECT_EQ(GetStats()["reused_after_dead"], 0);
  EXPECT_EQ(Refresh(refresh_token)->status, 416);
  EXPECT_EQ(GetStats()["reused_after_dead"], 1);
  EXPECT_EQ(Post("/_sandbox/revoke", {{"what", "everything"}})->status, 400);
}

TEST_F(RoutesTest, SecretsAreAllThatWentOverTheWire) {
  Start();
  const auto login = Login();
  ASSERT_EQ(login->status, 200);
  const std::string refresh_token = Json::parse(login->body)["refreshToken"];
  const auto refreshed = Refresh(refresh_token);
  const json secrets = Json::parse(client_->Get("/_sandbox/secrets")->body);
  EXPECT_EQ(secrets["refresh_tokens"], Json({refresh_token}));
  EXPECT_EQ(secrets["tokens"],
            Json({login->get_header_value("Session"), refreshed->get_header_value("Session")}));
  EXPECT_EQ(secrets["proofs"].size(), 1u);
}

TEST_F(RoutesTest, SettingsChangeWhileItRuns) {
  Start();
  ASSERT_EQ(Put("settings", {{"session_header", "X-Jwt"},
                             {"token_lifetime_ms", 1500},
                             {"sendbird_session_token", "bird"}}),
            200);
  const auto login = Login();
  EXPECT_FALSE(login->has_header("Session"));
  const json claims = ClaimsOf(login->get_header_value("X-Jwt"));
  EXPECT_NEAR(claims["exp"].get<double>() - claims["iat"].get<double>(), 1.5, 0.001);
  EXPECT_EQ(json::parse(login->body)["sendbirdSessionToken"], "bird");
  ASSERT_EQ(Put("settings", {{"bearer", true}}), 200);
  EXPECT_EQ(Login()->get_header_value("Authorization").rfind("Bearer ey", 0), 0U);
  EXPECT_EQ(Put("settings", {{"latency", 1}}), 400);
  EXPECT_EQ(Put("settings", {{"session_header", "a b"}}), 400);
}

TEST_F(RoutesTest, ResetZeroesCountersAndKeepsSessions) {
  Start();
  Login();
  EXPECT_EQ(StatusOf(client_->Delete("/_sandbox/stats")), 200);
  const json stats = GetStats();
  EXPECT_EQ(stats["calls"]["auth"]["total"], 0);
  EXPECT_EQ(stats["accounts"][kEmail]["logins_ok"], 0);
  EXPECT_EQ(stats["accounts"][kEmail]["sessions_live"], 1);
}

}  // namespace
}  // namespace credbroker::sandbox
