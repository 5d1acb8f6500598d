#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

class LogoutTest : public SessionFixture {
 protected:
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
  EXPECT_EQ(RetryIn(refresh), absl::Seconds(1));
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

TEST_F(LogoutTest, Row5WaitThatUpstreamAskedForOutlastsTheLogout) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh,
                     Failure(Reason::kUpstreamUnavailable, "429", absl::Seconds(10)));
  Refresh();
  Logout();
  Settle();
  EXPECT_EQ(Row().state, SessionState::kBackingOff);
  const auto later = GetToken();
  EXPECT_EQ(ReasonIn(later), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryIn(later), absl::Seconds(10));
  Advance(absl::Seconds(10));
  EXPECT_EQ(TokenOf(GetToken()), "access-2");
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
