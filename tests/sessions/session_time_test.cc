#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

// Expiry, on clocks that jump.
class SessionTimeTest : public SessionFixture {
 protected:
  // Logs in, moves the wall clock, and expects that nothing happens earlier or later for it.
  void ExpectUntouchedByJump(absl::Duration jump) {
    GetToken();
    upstream_.FailAlways(Kind::kRefresh, Unavailable());
    loop_.JumpWallClock(jump);
    Advance(kRefreshDelay - kTick);
    EXPECT_EQ(upstream_.Count(Kind::kRefresh), 0);
    Advance(kTick);
    EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
    Advance(kLifetime - kSlack - kRefreshDelay - kTick);
    EXPECT_NE(Peek(), nullptr);
    Advance(kTick);
    EXPECT_EQ(Peek(), nullptr);
  }
};

TEST_F(SessionTimeTest, TokenExpiringExactlyNowIsExpired) {
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  GetToken();
  Advance(kLifetime - kSlack - kTick);
  EXPECT_EQ(Peek()->generation, 1u);
  EXPECT_EQ(GenerationOf(GetToken()), 1u);
  Advance(kTick);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kUpstreamUnavailable);
}

TEST_F(SessionTimeTest, LifetimeCountsFromWhenTheRequestWasSent) {
  upstream_.Hold();
  const auto waiting = GetToken();
  const absl::Time sent = loop_.WallNow();
  Advance(absl::Seconds(60));
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ((**waiting)->get()->issue_time, sent);
  EXPECT_EQ((**waiting)->get()->expire_time, sent + kLifetime);
  upstream_.Hold();
  Advance(kLifetime - kSlack - absl::Seconds(60));
  EXPECT_EQ(Peek(), nullptr);
}

TEST_F(SessionTimeTest, TokenThatHasEndedWhenItArrivesIsNotServed) {
  upstream_.Hold();
  const auto waiting = GetToken();
  Advance(kLifetime - kSlack);
  upstream_.Release();
  Settle();
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(Presented(Kind::kLogout), std::vector<std::string>{"access-1"});
}

TEST_F(SessionTimeTest, RefreshedTokenThatHasEndedWhenItArrivesIsNotServed) {
  GetToken();
  upstream_.Hold();
  const auto waiting = Refresh();
  Advance(kLifetime - kSlack);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Row().generation, 1u);
}

TEST_F(SessionTimeTest, Row29WallClockAnHourForwardEndsNoTokenEarly) {
  ExpectUntouchedByJump(absl::Hours(1));
}

TEST_F(SessionTimeTest, Row29WallClockAnHourBackKeepsNoTokenLonger) {
  ExpectUntouchedByJump(-absl::Hours(1));
}

TEST_F(SessionTimeTest, Row29WallClockTouchesNeitherHoldsNorBackoffs) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one");
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken("two");
  loop_.JumpWallClock(absl::Hours(1));
  EXPECT_EQ(RetryIn(GetToken("one")), absl::Minutes(5));
  EXPECT_EQ(RetryIn(GetToken("two")), absl::Milliseconds(500));
}

TEST_F(SessionTimeTest, Row29SuspendedMachineServesNoTokenThatHasEnded) {
  GetToken();
  loop_.SleepThrough(kLifetime - kSlack);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(GenerationOf(GetToken()), 2u);
}

TEST_F(SessionTimeTest, Row30TokenThatEndedWhileTheProcessWasStoppedIsNotHandedOut) {
  GetToken();
  upstream_.Hold();
  const auto waiting = Refresh();
  upstream_.Release();  // The answer has come, and the process is stopped before it is looked at.
  loop_.SleepThrough(kLifetime);
  upstream_.Hold();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Peek(), nullptr);
}

TEST_F(SessionTimeTest, Row30HoldOutlastsAStoppedProcessByNothing) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  loop_.SleepThrough(absl::Minutes(5));
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(SessionTimeTest, Row10TokenOfADayIsRefreshedAtFourFifths) {
  upstream_.set_lifetime(absl::Hours(24));
  GetToken();
  Advance(absl::Hours(24) * 0.8 - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 0);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

}  // namespace
}  // namespace credbroker
