
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/upstream/upstream_fixture.h"

namespace credbroker {
namespace {

class LoginTest : public UpstreamFixture {
 protected:
  // A login whose first answer is good but for `name`.
  std::optional<Reason> ReasonWithFirst(const std::string& name, const Json& value) {
    Login();
    Json answer = FirstAnswer();
    answer[name] = value;
    AnswerFirst(answer);
    EXPECT_EQ(workers_.pending(), 0U) << "nothing may be derived for " << value;
    return LoginReason();
  }

  // A login whose last answer is good but for `name`.
  std::optional<Reason> ReasonWithFinal(const std::string& name, const Json& value) {
    Login();
    ReachFinal();
    Json answer = FinalAnswer();
    answer[name] = value;
    AnswerFinal(answer);
    return LoginReason();
  }

  // A login of which the first message gets this status.
  std::optional<Reason> ReasonWithFirstStatus(int status) {
    Login();
    http_.Answer(status, {}, "");
    Derive();
    return LoginReason();
  }

  std::optional<Reason> ReasonWithFinalStatus(int status) {
    Login();
    ReachFinal();
    http_.Answer(status, {}, "");
    return LoginReason();
  }
};

TEST_F(LoginTest, WholeExchange) {
  Login();
  EXPECT_EQ(http_.request().url, "https://acme.example/api/auth/auth");
  EXPECT_EQ(http_.header("Platform"), "Cms");
  EXPECT_TRUE(http_.request().repeatable);
  EXPECT_EQ(http_.request().timeout, absl::Seconds(10));
  EXPECT_EQ(http_.body()["email"], "reporting@acme.example");
  EXPECT_EQ(http_.body().size(), 2U);
  EXPECT_GE(http_.body()["nonce"].get<std::string>().size(), 24U);
  AnswerFirst(FirstAnswer());
  EXPECT_EQ(workers_.NextKey(), "acme");
  loop_.Advance(absl::Seconds(2));
  Derive();

  ASSERT_TRUE(http_.IsFor("/auth/login"));
  const Instant sent = loop_.Now();
  const absl::Time sent_wall = loop_.WallNow();
  const Json final = http_.body();
  EXPECT_EQ(http_.header("Platform"), "Cms");
  EXPECT_FALSE(http_.request().repeatable);
  EXPECT_EQ(final["proof"], server_.Expect("reporting@acme.example", client_nonce_).proof);
  EXPECT_EQ(final["nonce"], client_nonce_ + "-server");
  EXPECT_EQ(final["email"], "reporting@acme.example");
  EXPECT_EQ(final["os"], "Linux");
  EXPECT_EQ(final["osVersion"], "9.9");
  EXPECT_EQ(final["deviceName"], "credbroker/acme/reporting");
  EXPECT_TRUE(final["browser"].is_null());
  loop_.Advance(absl::Seconds(1));
  AnswerFinal(FinalAnswer());

  ASSERT_TRUE(login_.has_value());
  ASSERT_TRUE(login_->ok()) << login_->status();
  const LoginGrant& grant = **login_;
  EXPECT_EQ(grant.token.access_token.RevealSecret(), Jwt({{"iat", 1000}, {"exp", 1600}}));
  EXPECT_EQ(grant.token.lifetime, absl::Seconds(600));
  EXPECT_EQ(grant.token.sent, sent);
  EXPECT_EQ(grant.token.sent_wall, sent_wall);
  EXPECT_EQ(grant.token.device_id, "device-1");
  EXPECT_EQ(grant.token.sendbird_session_token->RevealSecret(), "sendbird-1");
  EXPECT_EQ(grant.refresh_token.RevealSecret(), "refresh-1");
  EXPECT_FALSE(grant.redirect_project_id.has_value());
  EXPECT_TRUE(Counts(
      R"(credbroker_upstream_requests_total{call="scram_final",outcome="ok",tenant="acme"} 1)"));
  EXPECT_EQ(loop_.timers(), 0U);
}

TEST_F(LoginTest, DeviceOfTheCallerOverridesTheDefaults) {
  Login(Password("pencil"),
        {.device_name = "Tablet", .browser = "B", .os = "O", .os_version = "V"});
  ReachFinal();
  EXPECT_EQ(http_.body()["deviceName"], "Tablet");
  EXPECT_EQ(http_.body()["browser"], "B");
  EXPECT_EQ(http_.body()["os"], "O");
  EXPECT_EQ(http_.body()["osVersion"], "V");
}

TEST_F(LoginTest, CallersOwnAccountIsNotNamedByItsAddress) {
  account_.key.account = "someone@acme.example";
  Login();
  ReachFinal();
  EXPECT_THAT(http_.body()["deviceName"].get<std::string>(),
              testing::StartsWith("credbroker/acme/caller-"));
}

TEST_F(LoginTest, NoPlatformNoHeader) {
  account_.platform = "";
  Login();
  EXPECT_TRUE(http_.request().headers.empty());
}

TEST_F(LoginTest, NoncesDiffer) {
  Login();
  const std::string first = http_.body()["nonce"].get<std::string>();
  http_.Answer(500, {}, "");
  Login();
  EXPECT_NE(http_.body()["nonce"], first);
}

TEST_F(LoginTest, UserThatSaslPrepRefusesFailsLaterNotInsideTheCall) {
  account_.email = std::string("a\a@acme.example");
  StartLogin();
  EXPECT_FALSE(login_.has_value());
  Derive();
  EXPECT_EQ(LoginReason(), Reason::kLoginRequired);
  EXPECT_EQ(http_.sent(), 0);
}

TEST_F(LoginTest, StatusTableOfTheFirstMessage) {
  EXPECT_EQ(ReasonWithFirstStatus(400), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonWithFirstStatus(401), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonWithFirstStatus(403), Reason::kAccountForbidden);
  EXPECT_EQ(ReasonWithFirstStatus(500), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonWithFirstStatus(429), Reason::kUpstreamUnavailable);
  for (const int status : {201, 204, 302, 404, 416, 418, 600}) {
    EXPECT_EQ(ReasonWithFirstStatus(status), Reason::kUpstreamMalformed) << status;
  }
}

TEST_F(LoginTest, StatusTableOfTheLastMessage) {
  EXPECT_EQ(ReasonWithFinalStatus(400), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonWithFinalStatus(401), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonWithFinalStatus(403), Reason::kAccountForbidden);
  EXPECT_EQ(ReasonWithFinalStatus(429), Reason::kUpstreamUnavailable);
  for (const int status : {204, 302, 404, 416}) {
    EXPECT_EQ(ReasonWithFinalStatus(status), Reason::kUpstreamMalformed) << status;
  }
}

TEST_F(LoginTest, Row1UnreachableIsUnavailable) {
  Login();
  http_.Fail(Failure(Reason::kUpstreamUnavailable, "refused"), /*body_sent=*/false);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
}

TEST_F(LoginTest, Row4ServerErrorOnTheProofEndsTheLoginAndNoProofIsSentAgain) {
  EXPECT_EQ(ReasonWithFinalStatus(503), Reason::kUpstreamUnavailable);
  EXPECT_EQ(http_.pending(), 0U);
  Login();
  EXPECT_TRUE(http_.IsFor("/auth/auth"));
}

TEST_F(LoginTest, Row5RetryAfterIsPassedOn) {
  Login();
  http_.Answer(429, {{"Retry-After", "7"}}, "");
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryAfterOf(login_->status()), absl::Seconds(7));
}

TEST_F(LoginTest, Row6RejectedPasswordIsTriedOnce) {
  EXPECT_EQ(ReasonWithFinalStatus(401), Reason::kCredentialRejected);
  EXPECT_EQ(http_.pending(), 0U);
  EXPECT_EQ(http_.sent(), 2);
}

TEST_F(LoginTest, Row8ConnectionLostAfterTheProofWasSentIsCounted) {
  Login();
  ReachFinal();
  http_.Fail(Failure(Reason::kUpstreamUnavailable, "lost"), /*body_sent=*/true);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  EXPECT_TRUE(Counts(R"(credbroker_login_outcome_unknown_total{tenant="acme"} 1)"));
  Login();
  EXPECT_TRUE(http_.IsFor("/auth/auth"));
}

TEST_F(LoginTest, Row8FailureBeforeAnythingWasSentIsNotCounted) {
  Login();
  ReachFinal();
  http_.Fail(Failure(Reason::kUpstreamUnavailable, "refused"), /*body_sent=*/false);
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  EXPECT_FALSE(Counts(R"(credbroker_login_outcome_unknown_total{tenant="acme"} 1)"));
}

TEST_F(LoginTest, Row9TokenHeaderMissingOrTwiceIsMalformed) {
  Login();
  ReachFinal();
  http_.Answer(200, {}, FinalAnswer().dump());
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
  Login();
  ReachFinal();
  http_.Answer(200, {{"Session", "a"}, {"session", "a"}}, FinalAnswer().dump());
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
}

TEST_F(LoginTest, Row10ExpiredTokenIsRefused) {
  Login();
  ReachFinal();
  http_.Answer(200, {{"Session", Jwt({{"iat", 1000}, {"exp", 1000}})}}, FinalAnswer().dump());
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
}

TEST_F(LoginTest, Row11NonceThatIsNotOursIsRefusedBeforeAProof) {
  for (const Json& nonce : {Json("other-nonce-that-is-long-enough"), Json("")}) {
    const std::optional<Reason> reason = ReasonWithFirst("nonce", nonce);
    EXPECT_EQ(reason, nonce == "" ? Reason::kUpstreamMalformed : Reason::kUpstreamUntrusted);
  }
  EXPECT_TRUE(Counts(R"(credbroker_upstream_untrusted_total{tenant="acme"} 1)"));
  EXPECT_TRUE(Counts(
      R"(credbroker_upstream_requests_total{call="scram_first",outcome="untrusted",tenant="acme"} 1)"));
}

TEST_F(LoginTest, Row12IterationCountOutOfBoundsIsRefusedBeforePbkdf2) {
  for (const Json& count : {Json(4095), Json(10'001), Json(4096.5), Json(-4096), Json("4096"),
                            Json(4294971392), Json(1e300), Json(true), Json::array()}) {
    EXPECT_EQ(ReasonWithFirst("iterationCount", count), Reason::kUpstreamUntrusted) << count;
  }
}

TEST_F(LoginTest, Row12IterationCountMayBeWrittenAsAFloat) {
  Login();
  Json answer = FirstAnswer();
  answer["iterationCount"] = 4096.0;
  AnswerFirst(answer);
  Derive();
  ASSERT_TRUE(http_.IsFor("/auth/login"));
  EXPECT_EQ(http_.body()["proof"], server_.Expect("reporting@acme.example", client_nonce_).proof);
}

TEST_F(LoginTest, Row13BadSaltIsRefused) {
  for (const Json& salt : {Json(""), Json("QQ"), Json("QR=="), Json(7), Json(" QQ==")}) {
    EXPECT_EQ(ReasonWithFirst("salt", salt), Reason::kUpstreamUntrusted) << salt;
  }
}

TEST_F(LoginTest, MissingMembersOfTheFirstAnswerAreMalformed) {
  for (const char* name : {"nonce", "salt", "iterationCount", "expires"}) {
    EXPECT_EQ(ReasonWithFirst(name, nullptr), Reason::kUpstreamMalformed) << name;
  }
}

TEST_F(LoginTest, Row15WrongOrMissingSignatureDiscardsEverything) {
  const std::string other = server_.Expect("someone@acme.example", "x").signature;
  for (const Json& signature : {Json(other), Json(""), Json(nullptr), Json(7), Json("%")}) {
    EXPECT_EQ(ReasonWithFinal("signature", signature), Reason::kUpstreamUntrusted) << signature;
  }
  EXPECT_TRUE(Counts(R"(credbroker_upstream_untrusted_total{tenant="acme"} 5)"));
}

TEST_F(LoginTest, Row15SignatureIsJudgedBeforeAnythingElse) {
  Login();
  ReachFinal();
  // Nothing but nonsense besides, and no token: still it is the signature that is reported.
  http_.Answer(200, {}, R"({"signature":"AAAA","deviceId":7})");
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUntrusted);
}

TEST_F(LoginTest, MissingMembersOfTheLastAnswerAreMalformed) {
  EXPECT_EQ(ReasonWithFinal("deviceId", nullptr), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonWithFinal("refreshToken", nullptr), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonWithFinal("refreshToken", ""), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonWithFinal("redirectProjectId", 7), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonWithFinal("sendbirdSessionToken", 7), Reason::kUpstreamMalformed);
}

TEST_F(LoginTest, Row18UnacceptableJsonIsMalformed) {
  const std::string deep = std::string(17, '[') + std::string(17, ']');
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"),
                                  std::string("null"), std::string("{\"a\":1,\"a\":2}"),
                                  std::string("{\"a\":\"\xff\"}"), "{\"a\":" + deep + "}"}) {
    Login();
    http_.Answer(200, {}, text);
    EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed) << text;
  }
}

TEST_F(LoginTest, Row19RedirectIsAFailure) {
  Login();
  http_.Answer(307, {{"Location", "https://elsewhere.example/"}}, "");
  EXPECT_EQ(LoginReason(), Reason::kUpstreamMalformed);
}

TEST_F(LoginTest, SecondLoginRunsNoPbkdf2) {
  for (int i = 0; i < 2; ++i) {
    Login();
    ReachFinal();
    AnswerFinal(FinalAnswer());
    ASSERT_TRUE(login_->ok());
  }
  EXPECT_EQ(upstream_->derivations(), 1U);
}

TEST_F(LoginTest, Row32UnreadablePasswordIsServedByTheCachedKeys) {
  Login();
  ReachFinal();
  AnswerFinal(FinalAnswer());
  Login(std::make_shared<FileCredential>("/nowhere/password"));
  ReachFinal();
  AnswerFinal(FinalAnswer());
  EXPECT_TRUE(login_->ok());
}

TEST_F(LoginTest, EndOfTheUpstreamDropsCallsAtEveryStep) {
  for (int step = 0; step < 6; ++step) {
    FakeHttpClient http;
    auto upstream = std::make_unique<ScramUpstream>(
        ScramUpstream::Parts{loop_, http, workers_, random_, metrics_}, "9.9");
    bool called = false;
    upstream->Login(account_, Password("pencil"), {}, [&](auto) { called = true; });
    if (step >= 1) workers_.RunAll();
    if (step >= 2) loop_.RunPosted();
    if (step >= 3) {
      const std::string nonce = http.body()["nonce"].get<std::string>();
      const Json first = {
          {"nonce", nonce + "x"}, {"salt", "QUJD"}, {"iterationCount", 4096}, {"expires", 1e10}};
      http.Answer(200, {{"Date", Date()}}, first.dump());
    }
    if (step >= 4) workers_.RunAll();
    if (step >= 5) loop_.RunPosted();
    upstream.reset();
    workers_.RunAll();
    loop_.Advance(absl::Minutes(5));
    if (http.pending() > 0) http.Answer(200, {}, "{}");
    EXPECT_FALSE(called) << step;
  }
}

}  // namespace
}  // namespace credbroker
