// How upstream is told of a logout, however long that takes.

#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

class RevocationTest : public SessionFixture {
 protected:
  static constexpr char kLost[] = R"(credbroker_revocations_lost_total{tenant="acme"})";

  static bool Confirmed(const std::shared_ptr<LogoutResult>& result) {
    return result->has_value() && (*result)->ok() && (*result)->value();
  }
  static bool AnsweredUnconfirmed(const std::shared_ptr<LogoutResult>& result) {
    return result->has_value() && (*result)->ok() && !(*result)->value();
  }
};

TEST_F(RevocationTest, SessionWhoseTokenHasEndedIsRefreshedFirst) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kRefresh), ElementsAre("refresh-1"));
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(RevocationTest, TokenThatUpstreamHasEndedEarlyIsRefreshedFirst) {
  GetToken();
  upstream_.FailNext(Kind::kLogout, Failure(Reason::kAccessTokenDead, "401"));
  const auto logout = Logout();
  Settle();
  EXPECT_THAT(Presented(Kind::kRefresh), ElementsAre("refresh-1"));
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1", "access-2"));
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(RevocationTest, TokensThatEndOnTheWayAreNotAskedForWithoutAPause) {
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

TEST_F(RevocationTest, SessionThatProvesDeadOnTheWayOutIsLoggedOut) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  upstream_.FailNext(Kind::kRefresh, Dead());
  const auto logout = Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  EXPECT_TRUE(Confirmed(logout));
}

TEST_F(RevocationTest, Row7DeadRefreshTokenIsNotSentToLogOutEither) {
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

TEST_F(RevocationTest, CallerWaitsForTheRequestTimeoutAndTheRevocationGoesOn) {
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

TEST_F(RevocationTest, RevocationBacksOff) {
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

TEST_F(RevocationTest, RevocationIsLostAndCountedAfterSevenDays) {
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

TEST_F(RevocationTest, CallerWhoWaitsWhenTheRevocationIsLostIsToldThatItIsNotDone) {
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

TEST_F(RevocationTest, AnotherLogoutDoesNotHastenARevocationThatBacksOff) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  Settle();
  Logout();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
}

TEST_F(RevocationTest, NewSessionIsUntouchedByTheRevocationOfTheOldOne) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  EXPECT_EQ(TokenOf(GetToken()), "access-2");
  Advance(absl::Seconds(20));
  EXPECT_EQ(Peek()->generation, 2u);
  EXPECT_THAT(Presented(Kind::kLogout), testing::Each(std::string("access-1")));
}

TEST_F(RevocationTest, ForbiddenRevocationIsTriedAgainAfterMinutes) {
  GetToken();
  upstream_.FailNext(Kind::kLogout, Forbidden());
  Logout();
  Advance(absl::Minutes(5) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
}

}  // namespace
}  // namespace credbroker
