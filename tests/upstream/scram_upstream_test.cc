#include "service/upstream/scram_upstream.h"

#include "gtest/gtest.h"

#include "tests/upstream/upstream_fixture.h"

namespace credbroker {
namespace {

class RefreshTest : public UpstreamFixture {
 protected:
  void Refresh() {
    refreshed_.reset();
    upstream_->Refresh(
        account_, Secret::Copy("refresh-1"),
        [this](absl::StatusOr<IssuedToken> token) { refreshed_ = std::move(token); });
  }
  std::optional<Reason> ReasonWithStatus(int status) {
    Refresh();
    http_.Answer(status, {}, "");
    return ReasonOf(refreshed_->status());
  }
  std::optional<absl::StatusOr<IssuedToken>> refreshed_;
};

TEST_F(RefreshTest, BringsTheNewToken) {
  Refresh();
  EXPECT_EQ(http_.request().url, "https://acme.example/api/auth/session");
  EXPECT_TRUE(http_.request().repeatable);
  EXPECT_EQ(http_.header("Platform"), "Cms");
  EXPECT_EQ(http_.body(), Json({{"refreshToken", "refresh-1"}}));
  const Instant sent = loop_.Now();
  loop_.Advance(absl::Seconds(1));
  http_.Answer(200, {{"SESSION", Jwt({{"iat", 5}, {"exp", 305.5}})}},
               R"({"deviceId":"d","sendbirdSessionToken":null})");
  ASSERT_TRUE(refreshed_->ok()) << refreshed_->status();
  EXPECT_EQ((*refreshed_)->lifetime, absl::Seconds(300.5));
  EXPECT_EQ((*refreshed_)->sent, sent);
  EXPECT_EQ((*refreshed_)->device_id, "d");
  EXPECT_FALSE((*refreshed_)->sendbird_session_token.has_value());
}

TEST_F(RefreshTest, OpaqueTokenGetsTheTenantsDefaultLifetime) {
  tenant_->default_lifetime = absl::Minutes(7);
  Refresh();
  http_.Answer(200, {{"Session", "opaque"}}, R"({"deviceId":"d","sendbirdSessionToken":"s"})");
  ASSERT_TRUE(refreshed_->ok()) << refreshed_->status();
  EXPECT_EQ((*refreshed_)->lifetime, absl::Minutes(7));
}

TEST_F(RefreshTest, Row7DeadRefreshTokenIsSaidSo) {
  for (const int status : {416, 400, 401}) {
    EXPECT_EQ(ReasonWithStatus(status), Reason::kRefreshTokenDead) << status;
  }
  EXPECT_TRUE(Counts(
      R"(credbroker_upstream_requests_total{call="refresh",outcome="dead",tenant="acme"} 3)"));
}

TEST_F(RefreshTest, StatusTable) {
  EXPECT_EQ(ReasonWithStatus(403), Reason::kAccountForbidden);
  EXPECT_EQ(ReasonWithStatus(500), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonWithStatus(429), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonWithStatus(302), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonWithStatus(404), Reason::kUpstreamMalformed);
}

TEST_F(RefreshTest, Row9AnswerWithoutTokenIsMalformed) {
  Refresh();
  http_.Answer(200, {}, R"({"deviceId":"d","sendbirdSessionToken":null})");
  EXPECT_EQ(ReasonOf(refreshed_->status()), Reason::kUpstreamMalformed);
}

TEST_F(RefreshTest, Row1FailureOfTheConnectionIsPassedOnAndCounted) {
  Refresh();
  http_.Fail(Failure(Reason::kUpstreamUnavailable, "lost"), /*body_sent=*/true);
  EXPECT_EQ(ReasonOf(refreshed_->status()), Reason::kUpstreamUnavailable);
  EXPECT_TRUE(Counts(
      R"(credbroker_upstream_requests_total{call="refresh",outcome="unavailable",tenant="acme"} 1)"));
  EXPECT_FALSE(Counts(R"(credbroker_login_outcome_unknown_total{tenant="acme"} 1)"));
}

class LogoutTest : public UpstreamFixture {
 protected:
  absl::Status Answered(int status) {
    std::optional<absl::Status> ended;
    upstream_->Logout(account_, Secret::Copy("jwt-1"), [&](absl::Status got) { ended = got; });
    EXPECT_EQ(http_.request().url, "https://acme.example/api/auth/logout");
    EXPECT_EQ(http_.request().method, HttpRequest::Method::kGet);
    EXPECT_EQ(http_.header("Session"), "jwt-1");
    EXPECT_EQ(http_.header("Platform"), "Cms");
    EXPECT_TRUE(http_.request().repeatable);
    http_.Answer(status, {}, "not even JSON");
    return ended.value_or(absl::UnknownError("not called"));
  }
};

TEST_F(LogoutTest, StatusTable) {
  EXPECT_TRUE(Answered(200).ok());
  EXPECT_TRUE(Answered(416).ok());
  EXPECT_EQ(ReasonOf(Answered(401)), Reason::kAccessTokenDead);
  EXPECT_EQ(ReasonOf(Answered(403)), Reason::kAccountForbidden);
  EXPECT_EQ(ReasonOf(Answered(500)), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonOf(Answered(429)), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonOf(Answered(400)), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonOf(Answered(302)), Reason::kUpstreamMalformed);
}

class CredentialChangeTest : public UpstreamFixture {
 protected:
  bool Changed(std::shared_ptr<const Credential> credential) {
    std::optional<bool> changed;
    upstream_->HasCredentialChanged(account_.key, std::move(credential),
                                    [&](bool answer) { changed = answer; });
    EXPECT_FALSE(changed.has_value());
    Derive();
    EXPECT_TRUE(changed.has_value());
    return changed.value_or(false);
  }
};

TEST_F(CredentialChangeTest, NothingHasChangedSinceNoLogin) {
  EXPECT_FALSE(Changed(Password("pencil")));
}

TEST_F(CredentialChangeTest, Row6OtherContentThanTheRejectedLoginsIsAChange) {
  Login();
  ReachFinal();
  http_.Answer(401, {}, "");
  EXPECT_FALSE(Changed(Password("pencil")));
  EXPECT_TRUE(Changed(Password("pencil2")));
}

TEST_F(CredentialChangeTest, Row6RejectionBeforeThePasswordWasNeededRemembersItToo) {
  for (const int status : {400, 401, 403}) {
    Login(Password("pencil" + std::to_string(status)));
    http_.Answer(status, {}, "");
    EXPECT_TRUE(login_.has_value());
    EXPECT_FALSE(Changed(Password("pencil" + std::to_string(status)))) << status;
    EXPECT_TRUE(Changed(Password("pencil"))) << status;
  }
}

TEST_F(CredentialChangeTest, UnreadableIsNoChange) {
  Login();
  ReachFinal();
  http_.Answer(401, {}, "");
  EXPECT_FALSE(Changed(std::make_shared<FileCredential>("/nowhere/password")));
}

TEST_F(CredentialChangeTest, RejectedKeysDoNotServeAnUnreadablePassword) {
  Login();
  ReachFinal();
  http_.Answer(401, {}, "");
  const int sent = http_.sent();
  Login(std::make_shared<FileCredential>("/nowhere/password"));
  EXPECT_EQ(LoginReason(), Reason::kLoginRequired);
  EXPECT_EQ(http_.sent(), sent);
}

}  // namespace
}  // namespace credbroker
