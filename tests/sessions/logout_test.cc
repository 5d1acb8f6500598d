#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

class LogoutTest : public SessionFixture {
 protected:
  static constexpr char kLost[] = R"(credbroker_revocations_lost_total{tenant="acme"})";

  static bool Confirmed(const std::shared_ptr<LogoutResult>& result) {
    return result->has_value() && (*result)->ok() && (*result)->value();
  }
  static bool AnsweredUnconfirmed(const std::shared_ptr<LogoutResult>& result) {
    return result->has_value() && (*result)->ok() && !(*result)->value();
  }
};

TEST_F(LogoutTest, SessionIsGoneAtOnceAndUpstreamIsToldWithItsToken) {
  GetToken();
  upstream_.Hold();
  const auto logout = Logout();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_FALSE(logout->has_value());
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_TRUE(Confirmed(logout));
  EXPECT_EQ(Row().state, SessionState::kAbsent);
}

TEST_F(LogoutTest, WithoutASessionThereIsNothingToDo) {
  EXPECT_TRUE(AnsweredUnconfirmed(Logout()));
  EXPECT_TRUE(AnsweredUnconfirmed(Logout("nobody@acme.example")));
  EXPECT_TRUE(upstream_.calls().empty());
}

TEST_F(LogoutTest, LateSessionOfALoginIsNeverServedAndLoggedOut) {
  upstream_.Hold();
  const auto waiting = GetToken();
  const auto logout = Logout();
  EXPECT_FALSE(logout->has_value());
  upstream_.Release();
  Settle();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, LateTokenOfARefreshIsNeverServedAndLoggedOut) {
  GetToken();
  upstream_.Hold();
  const auto refresh = Refresh();
  const auto logout = Logout();
  Settle();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre());
  upstream_.Release();
  Settle();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, RefreshThatFailsAfterwardsLeavesTheOlderTokenToBeLoggedOut) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  upstream_.Hold();
  Refresh();
  const auto logout = Logout();
  upstream_.Release();
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, RefreshThatFindsTheSessionDeadLeavesNothingToLogOut) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.Hold();
  Refresh();
  const auto logout = Logout();
  upstream_.Release();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, LoginThatHasNotHadItsTurnIsForgotten) {
  SessionPolicy policy;
  policy.upstream_concurrency = 1;
  Restart(policy);
  upstream_.Hold();
  GetToken("one");
  const auto waiting = GetToken("two");
  EXPECT_TRUE(AnsweredUnconfirmed(Logout("two")));
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  upstream_.Release();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LogoutTest, RefreshThatHasNotHadItsTurnIsForgottenAndTheSessionLoggedOut) {
  SessionPolicy policy;
  policy.upstream_concurrency = 1;
  Restart(policy);
  GetToken("two");
  upstream_.Hold();
  GetToken("one");
  Refresh(std::nullopt, "two");
  const auto logout = Logout("two");
  upstream_.Release();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 0);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, SessionWhoseTokenHasEndedIsRefreshedFirst) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kRefresh), ElementsAre("refresh-1"));
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, TokenThatUpstreamHasEndedEarlyIsRefreshedFirst) {
  GetToken();
  upstream_.FailNext(Kind::kLogout, Failure(Reason::kAccessTokenDead, "401"));
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kRefresh), ElementsAre("refresh-1"));
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1", "access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, TokensThatEndOnTheWayAreNotAskedForWithoutAPause) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  upstream_.set_lifetime(absl::ZeroDuration());
  Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  upstream_.set_lifetime(kLifetime);
  Advance(absl::Minutes(1));
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-3"));
}

TEST_F(LogoutTest, SessionThatProvesDeadOnTheWayOutIsLoggedOut) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  upstream_.FailNext(Kind::kRefresh, Dead());
  const auto logout = Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, Row7DeadRefreshTokenIsNotSentToLogOutEither) {
  upstream_.FailAlways(Kind::kLogin, Unavailable());
  upstream_.FailNext(Kind::kLogin, absl::OkStatus());
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  Refresh();
  loop_.SleepThrough(kLifetime);
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kRefresh), ElementsAre("refresh-1"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, CallerWaitsForTheRequestTimeoutAndTheRevocationGoesOn) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  const auto logout = Logout();
  Advance(absl::Seconds(10) - kTick);
  EXPECT_FALSE(logout->has_value());
  Advance(kTick);
  EXPECT_TRUE(AnsweredUnconfirmed(logout));
  Advance(absl::Hours(1));
  upstream_.FailAlways(Kind::kLogout, absl::OkStatus());
  Advance(absl::Minutes(1));
  const int attempts = upstream_.Count(Kind::kLogout);
  Advance(absl::Hours(1));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), attempts);
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(LogoutTest, RevocationBacksOff) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
  Advance(absl::Milliseconds(500));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
  Advance(absl::Seconds(1) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 3);
  // Half a minute apart in the end: 7 within a minute, then two more a minute.
  Advance(absl::Hours(1));
  EXPECT_LE(upstream_.Count(Kind::kLogout), 3 + 5 + 120);
  EXPECT_GE(upstream_.Count(Kind::kLogout), 115);
}

TEST_F(LogoutTest, RevocationIsLostAndCountedAfterSevenDays) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Logout();
  Advance(absl::Hours(7 * 24));
  EXPECT_EQ(Counter(kLost), 0);
  const size_t calls = upstream_.calls().size();
  Advance(absl::Minutes(1));
  EXPECT_EQ(Counter(kLost), 1);
  EXPECT_LE(upstream_.calls().size(), calls + 1);
  EXPECT_EQ(loop_.timers(), 0u);
}

TEST_F(LogoutTest, CallerWhoWaitsWhenTheRevocationIsLostIsToldThatItIsNotDone) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Logout();
  Advance(absl::Hours(7 * 24));
  Advance(*loop_.NextTimer() - loop_.Now() - absl::Seconds(1));
  const auto logout = Logout();
  EXPECT_FALSE(logout->has_value());
  Advance(absl::Seconds(1));
  EXPECT_TRUE(AnsweredUnconfirmed(logout));
}

TEST_F(LogoutTest, AnotherLogoutDoesNotHastenARevocationThatBacksOff) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  Settle();
  Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
}

TEST_F(LogoutTest, NewSessionIsUntouchedByTheRevocationOfTheOldOne) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  EXPECT_EQ(TokenOf(GetToken()), "access-2");
  Advance(absl::Seconds(20));
  EXPECT_EQ(Peek()->generation, 2u);
  EXPECT_THAT(Presented(Kind::kLogout), testing::Each(std::string("access-1")));
}

TEST_F(LogoutTest, ForbiddenRevocationIsTriedAgainAfterMinutes) {
  GetToken();
  upstream_.FailNext(Kind::kLogout, Forbidden());
  Logout();
  Advance(absl::Minutes(5) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
}

TEST_F(LogoutTest, SupersededSessionDoesNotOutliveTheLogout) {
  GetToken();
  Login(ForceNew());
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), testing::UnorderedElementsAre("access-1", "access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, IsNotConfirmedBeforeTheSessionThatIsBeingRefreshedHasEnded) {
  GetToken();
  Login(ForceNew());
  upstream_.Hold();
  Refresh();
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));  // The one that was superseded.
  upstream_.ReleaseLast();
  Settle();
  EXPECT_FALSE(logout->has_value());
  upstream_.Release();
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1", "access-3"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(LogoutTest, WaitersAreToldToAskAgain) {
  GetToken();
  upstream_.Hold();
  const auto refresh = Refresh();
  const auto forced = Login(ForceNew());
  Logout();
  EXPECT_EQ(ReasonIn(refresh), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryIn(refresh), absl::ZeroDuration());
  EXPECT_EQ(ReasonIn(forced), Reason::kUpstreamUnavailable);
  upstream_.Release();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LogoutTest, SecondLogoutWaitsForTheFirst) {
  GetToken();
  upstream_.Hold();
  const auto first = Logout();
  Settle();
  const auto second = Logout();
  EXPECT_FALSE(second->has_value());
  upstream_.Release();
  Settle();
  EXPECT_TRUE(Confirmed(first));
  EXPECT_TRUE(Confirmed(second));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
}

TEST_F(LogoutTest, Row38CancelledLogoutGoesOn) {
  GetToken();
  upstream_.FailNext(Kind::kLogout, Unavailable());
  const auto logout = Logout();
  Cancel(last_call_);
  EXPECT_EQ(StatusOf(logout).code(), absl::StatusCode::kCancelled);
  Advance(absl::Seconds(1));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
}

TEST_F(LogoutTest, GenerationsGoOnAfterLogoutAndLogin) {
  GetToken();
  Logout();
  Settle();
  EXPECT_EQ(GenerationOf(GetToken()), 2u);
}

TEST_F(LogoutTest, WhoComesAfterwardsWaitsForTheLateResultAndThenLogsIn) {
  upstream_.Hold();
  GetToken();
  Logout();
  const auto later = GetToken();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(Row().state, SessionState::kAbsent);
  upstream_.ReleaseOne();
  loop_.RunPosted();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  upstream_.Release();
  Settle();
  EXPECT_EQ(TokenOf(later), "access-2");
  EXPECT_EQ(GenerationOf(later), 1u);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

TEST_F(LogoutTest, LateFailureOfALoginIsBackedOffFrom) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  upstream_.Hold();
  GetToken();
  const auto logout = Logout();
  const auto later = GetToken();
  upstream_.Release();
  Settle();
  EXPECT_TRUE(Confirmed(logout));
  EXPECT_EQ(ReasonIn(later), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryIn(later), absl::Milliseconds(500));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Advance(absl::Milliseconds(500));
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(LogoutTest, LateFailureOfARefreshIsBackedOffFrom) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  upstream_.Hold();
  Refresh();
  Logout();
  const auto later = GetToken();
  upstream_.Release();
  Settle();
  EXPECT_EQ(ReasonIn(later), Reason::kUpstreamUnavailable);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LogoutTest, Row6LateRejectionHoldsTheAccountBack) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  upstream_.Hold();
  GetToken();
  Logout();
  const auto later = GetToken();
  upstream_.Release();
  Settle();
  EXPECT_EQ(ReasonIn(later), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LogoutTest, Row6LateForbiddenRefreshHoldsTheAccountBack) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Forbidden());
  upstream_.Hold();
  Refresh();
  Logout();
  upstream_.Release();
  Settle();
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
}

TEST_F(LogoutTest, Row6LateLoginThatSucceedsEndsTheHold) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  upstream_.Hold();
  Login(ReleaseHold());
  Logout();
  upstream_.Release();
  Settle();
  EXPECT_EQ(TokenOf(GetToken()), "access-2");
}

}  // namespace
}  // namespace credbroker
