#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class LoginTest : public SessionFixture {
 protected:
  static uint64_t GenerationIn(const std::shared_ptr<LoginResult>& result) {
    return result->has_value() && (*result)->ok() ? (**result).value().session->generation : 0;
  }
  static bool Reused(const std::shared_ptr<LoginResult>& result) {
    return result->has_value() && (*result)->ok() && (**result).value().reused;
  }
};

TEST_F(LoginTest, LiveSessionIsReturnedAsItIs) {
  EXPECT_FALSE(Reused(Login()));
  const auto second = Login();
  EXPECT_TRUE(Reused(second));
  EXPECT_EQ(GenerationIn(second), 1u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LoginTest, ExpiredSessionIsRefreshedRatherThanLoggedIn) {
  Login();
  loop_.SleepThrough(kLifetime);
  const auto again = Login();
  EXPECT_EQ(GenerationIn(again), 2u);
  EXPECT_FALSE(Reused(again));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LoginTest, ForceNewMakesANewSession) {
  Login();
  const auto forced = Login(ForceNew());
  EXPECT_EQ(GenerationIn(forced), 2u);
  EXPECT_FALSE(Reused(forced));
  EXPECT_EQ(Peek()->access_token.RevealSecret(), "access-2");
}

TEST_F(LoginTest, SupersededSessionIsLoggedOutThirtySecondsLaterAndNotEarlier) {
  Login();
  Login(ForceNew());
  Advance(absl::Seconds(30) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  Advance(kTick);
  EXPECT_EQ(Presented(Kind::kLogout), std::vector<std::string>{"access-1"});
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(LoginTest, SupersededSessionWhoseTokenEndsFirstIsRefreshedToBeLoggedOut) {
  upstream_.set_lifetime(absl::Seconds(20));
  Login();
  Login(ForceNew());
  Advance(absl::Seconds(30));
  EXPECT_EQ(Presented(Kind::kRefresh),
            (std::vector<std::string>{"refresh-2", "refresh-2", "refresh-1"}));
  EXPECT_EQ(Presented(Kind::kLogout), std::vector<std::string>{"access-5"});
}

TEST_F(LoginTest, ForceNewJoinsALoginThatIsRunning) {
  upstream_.Hold();
  const auto plain = GetToken();
  const auto first = Login(ForceNew());
  const auto second = Login(ForceNew());
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(GenerationOf(plain), 1u);
  EXPECT_EQ(GenerationIn(first), 1u);
  EXPECT_EQ(GenerationIn(second), 1u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LoginTest, ForceNewDuringARefreshRunsAfterItOnceForAll) {
  GetToken();
  upstream_.Hold();
  const auto refreshed = Refresh();
  const auto first = Login(ForceNew());
  const auto second = Login(ForceNew());
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  upstream_.ReleaseOne();
  loop_.RunPosted();
  EXPECT_EQ(GenerationOf(refreshed), 2u);
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ(upstream_.InFlight(), 1);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(GenerationIn(first), 3u);
  EXPECT_EQ(GenerationIn(second), 3u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(LoginTest, ForceNewThatWaitsForARefreshKeepsItsDeadlineAndCanBeCancelled) {
  GetToken();
  upstream_.Hold();
  Refresh();
  const auto hasty = Login(ForceNew(), "one", Within(absl::Seconds(2)));
  const auto cancelled = Login(ForceNew());
  Cancel(last_call_);
  EXPECT_EQ(StatusOf(cancelled).code(), absl::StatusCode::kCancelled);
  Advance(absl::Seconds(2));
  EXPECT_EQ(StatusOf(hasty).code(), absl::StatusCode::kDeadlineExceeded);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(LoginTest, ForcedLoginThatFailsLeavesTheSessionAsItWas) {
  GetToken();
  upstream_.FailNext(Kind::kLogin, Unavailable());
  EXPECT_EQ(ReasonIn(Login(ForceNew())), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Peek()->generation, 1u);
  Advance(absl::Minutes(1));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
}

TEST_F(LoginTest, DeviceIsThatOfTheCallWhoseLoginRuns) {
  SessionManager::LoginOptions login = ForceNew();
  login.device.device_name = "scanner";
  Login(std::move(login));
  EXPECT_EQ(upstream_.calls().at(0).device.device_name, "scanner");
}

TEST_F(LoginTest, DeviceIsThatOfAPlainLoginTooIfItRunsOne) {
  SessionManager::LoginOptions login;
  login.device.device_name = "scanner";
  Login(std::move(login));
  EXPECT_EQ(upstream_.calls().at(0).device.device_name, "scanner");
}

TEST_F(LoginTest, Row6RejectedCredentialIsNotTriedAgainBeforeTheHoldEnds) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialRejected);
  const auto refused = GetToken();
  EXPECT_EQ(ReasonIn(refused), Reason::kCredentialHeldBack);
  EXPECT_EQ(RetryIn(refused), absl::Minutes(5));
  Advance(absl::Minutes(5) - kTick);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Login()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Login(ForceNew())), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Advance(kTick);
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(LoginTest, Row6ReleaseHoldIsOneAttemptAndASecondRejectionDoublesTheHold) {
  upstream_.FailAlways(Kind::kLogin, Rejected());
  GetToken();
  EXPECT_EQ(ReasonIn(Login(ReleaseHold())), Reason::kCredentialRejected);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  const auto refused = GetToken();
  EXPECT_EQ(ReasonIn(refused), Reason::kCredentialHeldBack);
  EXPECT_EQ(RetryIn(refused), absl::Minutes(10));
}

TEST_F(LoginTest, Row6ReleaseHoldThatSucceedsEndsTheHold) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  EXPECT_EQ(GenerationIn(Login(ReleaseHold())), 1u);
  EXPECT_FALSE(Row().hold_end_time.has_value());
  upstream_.FailNext(Kind::kLogin, Rejected());
  Login(ForceNew());
  EXPECT_EQ(RetryIn(Login(ForceNew())), absl::Minutes(5));
}

TEST_F(LoginTest, Row6ReleaseHoldIsAnAttemptEvenWhileASessionIsLive) {
  GetToken();
  upstream_.FailNext(Kind::kLogin, Rejected());
  Login(ForceNew());
  EXPECT_EQ(ReasonIn(Login(ForceNew())), Reason::kCredentialHeldBack);
  const auto released = Login(ReleaseHold());
  ASSERT_TRUE(released->has_value() && (*released)->ok());
  EXPECT_FALSE((**released)->reused);
  EXPECT_FALSE(Row().hold_end_time.has_value());
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 3);
}

TEST_F(LoginTest, Row6TwoWhoReleaseTheHoldShareOneAttempt) {
  upstream_.FailAlways(Kind::kLogin, Rejected());
  GetToken();
  upstream_.Hold();
  const auto first = Login(ReleaseHold());
  const auto second = Login(ReleaseHold());
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(first), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonIn(second), Reason::kCredentialRejected);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(LoginTest, Row6ReleaseHoldIsOneAttemptEvenBehindALoginThatWasLoggedOut) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  upstream_.FailNext(Kind::kLogin, Rejected());
  upstream_.Hold();
  Login(ReleaseHold());
  Logout();
  const auto second = Login(ReleaseHold());
  EXPECT_EQ(upstream_.InFlight(), 1);
  upstream_.Release();
  Settle();
  EXPECT_EQ(GenerationIn(second), 1u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 3);
}

TEST_F(LoginTest, Row6HoldEndsWhenTheCredentialChanges) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  manager_->Tidy();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  upstream_.set_credential_changed(true);
  manager_->Tidy();
  loop_.RunPosted();
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(LoginTest, Row6ChangeThatWasNoticedBeforeALaterRejectionDoesNotEndThatHold) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  upstream_.Hold();
  upstream_.FailNext(Kind::kLogin, Rejected());
  const auto released = Login(ReleaseHold());
  upstream_.set_credential_changed(true);
  manager_->Tidy();
  upstream_.Release();  // Rejected after the check has begun, and before it says what it found.
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(released), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(LoginTest, Row6SessionIsServedAndRefreshedWhileItsCredentialIsHeldBack) {
  GetToken();
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(Login(ForceNew())), Reason::kCredentialRejected);
  EXPECT_EQ(Peek()->generation, 1u);
  Advance(kRefreshDelay);
  EXPECT_EQ(Peek()->generation, 2u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(LoginTest, Row6SessionThatOnlyALoginCanRenewIsRenewedWhenTheHoldEnds) {
  upstream_.set_lifetime(absl::Hours(1));
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kCredentialRejected);
  Advance(absl::Minutes(5) - kTick);
  EXPECT_EQ(Peek()->generation, 1u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  Advance(kTick);
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(LoginTest, ForbiddenAccountSendsNothingWhicheverWayItIsAskedFor) {
  upstream_.FailNext(Kind::kLogin, Forbidden());
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kAccountForbidden);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Login()), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(Login(ForceNew())), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonOf(Watch()->end->status), Reason::kCredentialHeldBack);
  Logout();
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  Advance(absl::Minutes(5) - kTick);
  EXPECT_EQ(upstream_.calls().size(), 1u);
}

TEST_F(LoginTest, HoldOfOneAccountIsNoMatterToTheOthers) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-1");
  EXPECT_EQ(TokenOf(GetToken("beta/one")), "access-2");
}

TEST_F(LoginTest, UnreadableCredentialIsPacedToo) {
  upstream_.FailAlways(Kind::kLogin, Failure(Reason::kLoginRequired, "no password file"));
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kLoginRequired);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kLoginRequired);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

}  // namespace
}  // namespace credbroker
