// What the life of a session puts on record.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/ops/token_fingerprint.h"
#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SessionAuditTest : public SessionFixture {
 protected:
  static CallOptions By(const std::string& principal, const std::string& rpc) {
    CallOptions options;
    options.principals = {principal, "another"};
    options.peer = "ipv4:127.0.0.1:1";
    options.rpc = rpc;
    return options;
  }
  static const char* NameOf(AuditKind kind) {
    switch (kind) {
      case AuditKind::kLogin:
        return "login";
      case AuditKind::kRefresh:
        return "refresh";
      case AuditKind::kLogout:
        return "logout";
      case AuditKind::kHeldBack:
        return "held_back";
      case AuditKind::kUntrustedUpstream:
        return "untrusted_upstream";
      default:
        return "?";
    }
  }
  // What has been recorded since the last time: event, principal, outcome, reason, generation.
  std::vector<std::string> News() {
    std::vector<std::string> news;
    const std::vector<AuditEvent> events = audit_.events();
    for (; told_ < events.size(); ++told_) {
      const AuditEvent& event = events[told_];
      news.push_back(absl::StrCat(NameOf(event.kind), " by ", event.principal, ": ", event.outcome,
                                  " ", event.reason, " ", event.generation));
    }
    return news;
  }

  size_t told_ = 0;
};

TEST_F(SessionAuditTest, ALoginSaysByWhomHowAndWhatCameOfIt) {
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  ASSERT_EQ(audit_.events().size(), 1u);
  const AuditEvent login = audit_.events().front();
  EXPECT_EQ(login.kind, AuditKind::kLogin);
  EXPECT_EQ(login.principal, "a");
  EXPECT_EQ(login.peer, "ipv4:127.0.0.1:1");
  EXPECT_EQ(login.rpc, "GetToken");
  EXPECT_EQ(login.tenant, "acme");
  EXPECT_EQ(login.account, "one");
  EXPECT_EQ(login.generation, 1u);
  EXPECT_EQ(login.token_fingerprint, TokenFingerprint(Secret::Copy("access-1")));
  EXPECT_EQ(login.outcome, "ok");
  EXPECT_EQ(login.reason, "");
}

TEST_F(SessionAuditTest, ARefreshIsTheBrokersOwnUnlessSomebodyAskedForIt) {
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  Refresh(std::nullopt, "one", By("b", "Refresh"));
  Settle();
  Advance(kRefreshDelay);
  EXPECT_THAT(News(),
              ElementsAre("login by a: ok  1", "refresh by b: ok  2", "refresh by : ok  3"));
}

TEST_F(SessionAuditTest, FailuresSayWhy) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  EXPECT_THAT(News(), ElementsAre("login by a: failed UPSTREAM_UNAVAILABLE 0"));
  Advance(absl::Minutes(2));
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  Refresh(std::nullopt, "one", By("b", "Refresh"));
  Settle();
  EXPECT_THAT(News(),
              ElementsAre("login by a: ok  1", "refresh by b: failed UPSTREAM_UNAVAILABLE 0"));
}

TEST_F(SessionAuditTest, AnUntrustedUpstreamHasALineOfItsOwn) {
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kUpstreamUntrusted, "wrong signature"));
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  EXPECT_THAT(News(), ElementsAre("login by a: failed UPSTREAM_UNTRUSTED 0",
                                  "untrusted_upstream by a: failed UPSTREAM_UNTRUSTED 0"));
}

TEST_F(SessionAuditTest, AHoldIsOnRecordAndSoIsWhoReleasesIt) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  EXPECT_THAT(News(), ElementsAre("login by a: failed CREDENTIAL_REJECTED 0",
                                  "held_back by a: held CREDENTIAL_REJECTED 0"));
  // Refused without an attempt.
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  EXPECT_THAT(News(), IsEmpty());
  Login(ReleaseHold(), "one", By("operator", "Login"));
  Settle();
  EXPECT_THAT(News(), ElementsAre("held_back by operator: released CREDENTIAL_REJECTED 0",
                                  "login by operator: ok  1"));
}

TEST_F(SessionAuditTest, AHoldThatAChangedCredentialEndsIsReleasedByTheBroker) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  News();
  upstream_.set_credential_changed(true);
  manager_->Tidy();
  Settle();
  EXPECT_THAT(News(), ElementsAre("held_back by : released CREDENTIAL_REJECTED 0"));
}

TEST_F(SessionAuditTest, ALogoutNamesTheTokenThatItEnds) {
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  News();
  Logout("one", By("b", "Logout"));
  Settle();
  EXPECT_THAT(News(), ElementsAre("logout by b: ok  1"));
  EXPECT_EQ(audit_.events().back().token_fingerprint, TokenFingerprint(Secret::Copy("access-1")));
  // There is nothing to log out any more.
  Logout("one", By("b", "Logout"));
  Settle();
  EXPECT_THAT(News(), IsEmpty());
}

TEST_F(SessionAuditTest, WhatALogoutOvertookIsOnRecordToo) {
  upstream_.Hold();
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Logout("one", By("b", "Logout"));
  upstream_.Release();
  Settle();
  EXPECT_THAT(News(), ElementsAre("logout by b: ok  0", "login by a: ok  0"));
  EXPECT_EQ(audit_.events().back().token_fingerprint, TokenFingerprint(Secret::Copy("access-1")));
}

TEST_F(SessionAuditTest, TheLoginThatADeadRefreshTokenLeadsToIsItsCallersToo) {
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  News();
  upstream_.FailNext(Kind::kRefresh, Dead());
  Refresh(std::nullopt, "one", By("b", "Refresh"));
  Settle();
  EXPECT_THAT(News(),
              ElementsAre("refresh by b: failed REFRESH_TOKEN_DEAD 0", "login by b: ok  2"));
}

TEST_F(SessionAuditTest, ACallersOwnAccountIsNotNamedByItsAddress) {
  PasswordLogin("jane@acme.example", "canary-password", "a");
  Settle();
  ASSERT_EQ(audit_.events().size(), 1u);
  EXPECT_THAT(audit_.events().front().account, testing::MatchesRegex("caller-[0-9a-f]{8}"));
}

TEST_F(SessionAuditTest, WithoutAnAuditLogNothingIsRecorded) {
  audit_.Turn(false);
  GetToken("one", absl::ZeroDuration(), By("a", "GetToken"));
  Settle();
  EXPECT_THAT(audit_.events(), IsEmpty());
}

}  // namespace
}  // namespace credbroker
