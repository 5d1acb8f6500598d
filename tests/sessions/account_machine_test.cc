#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using AccountMachineTest = SessionFixture;

TEST_F(AccountMachineTest, ConcurrentCallersShareOneLoginAndItsToken) {
  upstream_.Hold();
  const auto first = GetToken();
  const auto second = GetToken();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(TokenOf(first), "access-1");
  EXPECT_EQ(TokenOf(second), "access-1");
}

TEST_F(AccountMachineTest, TokenIsRefreshedAheadWhenItIsDue) {
  GetToken();
  Advance(kRefreshDelay - absl::Nanoseconds(1));
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 0);
  Advance(absl::Nanoseconds(1));
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(AccountMachineTest, Row6RejectedCredentialIsNotTriedAgainBeforeTheHoldEnds) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  Advance(absl::Minutes(5) - absl::Nanoseconds(1));
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Advance(absl::Nanoseconds(1));
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(AccountMachineTest, Row7DeadRefreshTokenLeadsToOneLoginAndIsNeverSentAgain) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  const auto refreshed = Refresh();
  EXPECT_EQ(TokenOf(refreshed), "access-2");
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(AccountMachineTest, Row21SecondLoginAfterADeadTokenWaitsForTenSeconds) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Dead());
  EXPECT_EQ(TokenOf(Refresh()), "access-2");
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kUpstreamUnavailable);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(AccountMachineTest, TransientFailureServesTheLiveTokenAndBacksOff) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(kRefreshDelay);
  EXPECT_EQ(Row().state, SessionState::kBackingOff);
  EXPECT_EQ(Peek()->generation, 1u);
  Advance(kLifetime - kSlack - kRefreshDelay);
  EXPECT_EQ(Peek(), nullptr);
}

TEST_F(AccountMachineTest, LogoutDuringALoginEndsWaitersAndLogsTheLateSessionOut) {
  upstream_.Hold();
  const auto waiting = GetToken();
  const auto logout = Logout();
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  EXPECT_FALSE(logout->has_value());
  upstream_.Release();
  Advance(absl::ZeroDuration());
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(upstream_.calls().back().token, "access-1");
  ASSERT_TRUE(logout->has_value());
  EXPECT_TRUE((*logout)->value());
}

TEST_F(AccountMachineTest, WatchSeesEachRotationAndTheLogout) {
  const auto watch = Watch();
  Advance(kRefreshDelay);
  Logout();
  EXPECT_THAT(watch->generations, testing::ElementsAre(1u, 2u));
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kLoggedOut);
}

}  // namespace
}  // namespace credbroker
