#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class CapacityTest : public SessionFixture {
 protected:
  static constexpr char kAnn[] = "ann@acme.example";
  static constexpr char kBob[] = "bob@acme.example";

  void LimitTo(size_t sessions) {
    SessionPolicy policy;
    policy.max_sessions = sessions;
    Restart(policy);
  }
  void IdleAfter(absl::Duration timeout) {
    SessionPolicy policy;
    policy.idle_timeout = timeout;
    Restart(policy);
  }
  bool LogsIn(const std::string& account) {
    return StatusOf(PasswordLogin(account, "canary-password")).ok();
  }
};

TEST_F(CapacityTest, NewSessionIsRefusedWhileNoneIsIdle) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  const auto refused = PasswordLogin(kBob, "canary-password");
  EXPECT_EQ(ReasonIn(refused), Reason::kOverloaded);
  EXPECT_EQ(StatusOf(refused).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryIn(refused), absl::Seconds(5));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(CapacityTest, SessionMakesRoomOnceNoTokenThatWasHandedOutIsValid) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  Advance(kLifetime - kTick);
  EXPECT_FALSE(LogsIn(kBob));
  Advance(absl::Seconds(1));
  EXPECT_TRUE(LogsIn(kBob));
  Settle();
  EXPECT_EQ(Presented(Kind::kLogout), std::vector<std::string>{"access-2"});
  EXPECT_EQ(ReasonIn(GetToken(kAnn, absl::ZeroDuration(), As("local"))), Reason::kLoginRequired);
}

TEST_F(CapacityTest, SessionMakesRoomAtTheVeryMomentItsTokenEnds) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  Advance(kLifetime);
  EXPECT_TRUE(LogsIn(kBob));
}

TEST_F(CapacityTest, TokenThatAReaderWasHandedKeepsItsSession) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  Advance(kRefreshDelay);
  ASSERT_NE(Peek(kAnn, absl::ZeroDuration(), As("local")), nullptr);  // Its token ends 300 s later.
  Advance(kRefreshDelay);
  EXPECT_FALSE(LogsIn(kBob));
  Advance(kLifetime - kRefreshDelay);
  EXPECT_TRUE(LogsIn(kBob));
}

TEST_F(CapacityTest, OlderTokenThatLivesLongerKeepsItsSession) {
  LimitTo(1);
  upstream_.set_lifetime(absl::Hours(1));
  ASSERT_TRUE(LogsIn(kAnn));
  upstream_.set_lifetime(absl::Minutes(1));
  EXPECT_EQ(GenerationOf(Refresh(std::nullopt, kAnn, As("local"))), 2u);
  Advance(absl::Hours(1) - kTick);
  EXPECT_FALSE(LogsIn(kBob));
  Advance(absl::Seconds(1));
  EXPECT_TRUE(LogsIn(kBob));
}

TEST_F(CapacityTest, WatchedSessionMakesNoRoom) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  Watch(kAnn, As("local"));
  const CallId watch = last_call_;
  Advance(absl::Hours(1));
  EXPECT_FALSE(LogsIn(kBob));
  Cancel(watch);
  Advance(absl::Hours(1));
  EXPECT_TRUE(LogsIn(kBob));
}

TEST_F(CapacityTest, ConfiguredAccountMakesNoRoom) {
  LimitTo(1);
  GetToken("one");
  Advance(absl::Hours(100));
  EXPECT_FALSE(LogsIn(kAnn));
  EXPECT_EQ(ReasonIn(GetToken("two")), Reason::kOverloaded);
  EXPECT_NE(GenerationOf(GetToken("one")), 0u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
}

TEST_F(CapacityTest, ConfiguredAccountIsGivenTheRoomOfAnIdleOne) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  Advance(kLifetime);
  EXPECT_EQ(GenerationOf(GetToken("one")), 1u);
  EXPECT_EQ(Row(kAnn).state, SessionState::kAbsent);
}

TEST_F(CapacityTest, LoginsThatRunTakeUpRoom) {
  LimitTo(1);
  upstream_.Hold();
  GetToken("one");
  EXPECT_EQ(ReasonIn(GetToken("two")), Reason::kOverloaded);
}

TEST_F(CapacityTest, FailedLoginGivesItsPlaceBack) {
  LimitTo(1);
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken("one");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-1");
}

TEST_F(CapacityTest, RejectedLoginGivesItsPlaceBack) {
  LimitTo(1);
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-1");
}

TEST_F(CapacityTest, LogoutGivesThePlaceBack) {
  LimitTo(1);
  GetToken("one");
  Logout("one");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-2");
}

TEST_F(CapacityTest, LogoutDuringABackoffGivesThePlaceBack) {
  LimitTo(1);
  GetToken("one");
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  Refresh(std::nullopt, "one");
  ASSERT_EQ(Row("one").state, SessionState::kBackingOff);
  Logout("one");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-2");
}

TEST_F(CapacityTest, LogoutDuringALoginGivesThePlaceBackWhenThatHasEnded) {
  LimitTo(1);
  upstream_.Hold();
  GetToken("one");
  Logout("one");
  EXPECT_EQ(ReasonIn(GetToken("two")), Reason::kOverloaded);
  upstream_.Release();
  Settle();
  Advance(absl::Seconds(1));
  EXPECT_EQ(GenerationOf(GetToken("two")), 1u);
}

TEST_F(CapacityTest, RenewalNeedsNoNewPlace) {
  LimitTo(1);
  GetToken("one");
  upstream_.FailNext(Kind::kRefresh, Dead());
  EXPECT_EQ(TokenOf(Refresh()), "access-2");
  EXPECT_EQ(GenerationOf(GetToken("one")), 2u);
}

TEST_F(CapacityTest, ManySessionsMakeRoomOneAfterTheOther) {
  LimitTo(100);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(LogsIn("a" + std::to_string(i) + "@acme.example"));
  Advance(kLifetime);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(LogsIn("b" + std::to_string(i) + "@acme.example")) << i;
  EXPECT_FALSE(LogsIn("c@acme.example"));
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 100);
}

TEST_F(CapacityTest, AccountsOfCallersAreNotRememberedWithoutLimit) {
  LimitTo(1);
  ASSERT_TRUE(LogsIn(kAnn));
  EXPECT_FALSE(LogsIn(kBob));
  EXPECT_EQ(List("acme").size(), 4u);
  EXPECT_FALSE(LogsIn("eve@acme.example"));  // Bob's is forgotten for it.
  EXPECT_EQ(List("acme").size(), 4u);
  EXPECT_EQ(Row(kAnn).state, SessionState::kLive);
}

TEST_F(CapacityTest, Row6HeldBackAccountsAreNotForgottenToMakeRoom) {
  LimitTo(1);
  upstream_.FailAlways(Kind::kLogin, Rejected());
  LogsIn(kAnn);
  LogsIn(kBob);
  EXPECT_EQ(ReasonIn(PasswordLogin("eve@acme.example", "canary-password")), Reason::kOverloaded);
  EXPECT_EQ(Row(kAnn).state, SessionState::kHeldBack);
  EXPECT_EQ(Row(kBob).state, SessionState::kHeldBack);
  Advance(absl::Minutes(5));
  upstream_.FailAlways(Kind::kLogin, absl::OkStatus());
  EXPECT_TRUE(LogsIn("eve@acme.example"));
}

TEST_F(CapacityTest, IdleSessionIsNoLongerRefreshedAheadButOnDemand) {
  IdleAfter(absl::Minutes(10));
  GetToken();
  Advance(absl::Hours(10));
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 2);  // At 201 s and 402 s, not at 603 s.
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(GenerationOf(GetToken()), 4u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 4);
}

TEST_F(CapacityTest, ReadersKeepASessionFromBeingIdle) {
  IdleAfter(absl::Minutes(10));
  GetToken();
  for (int i = 0; i < 100; ++i) {
    Advance(kRefreshDelay);
    ASSERT_NE(Peek(), nullptr);
  }
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 100);
}

TEST_F(CapacityTest, SessionWhoseHandedOutTokenIsValidIsNotIdle) {
  IdleAfter(absl::Minutes(1));
  GetToken();
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

TEST_F(CapacityTest, SessionWhoseAskersAllGaveUpIsNotIdle) {
  IdleAfter(absl::Minutes(10));
  upstream_.Hold();
  GetToken("one", absl::ZeroDuration(), Within(absl::Seconds(1)));
  Advance(absl::Seconds(2));
  upstream_.Release();
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

}  // namespace
}  // namespace credbroker
