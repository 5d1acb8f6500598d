#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

using WatchTest = SessionFixture;

TEST_F(WatchTest, EachRotationIsSeen) {
  const auto watch = Watch();
  EXPECT_THAT(watch->generations, ElementsAre(1u));
  Advance(kRefreshDelay);
  Login(ForceNew());
  EXPECT_THAT(watch->generations, ElementsAre(1u, 2u, 3u));
  EXPECT_FALSE(watch->end.has_value());
}

TEST_F(WatchTest, LogoutIsTheEnd) {
  const auto watch = Watch();
  Logout();
  Settle();
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kLoggedOut);
  EXPECT_TRUE(watch->end->status.ok());
  GetToken();
  EXPECT_THAT(watch->generations, ElementsAre(1u));
}

TEST_F(WatchTest, FailureToGetTheFirstTokenEndsItWithItsStatus) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  const auto watch = Watch();
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_FALSE(watch->end->revoked.has_value());
  EXPECT_EQ(ReasonOf(watch->end->status), Reason::kCredentialRejected);
}

TEST_F(WatchTest, WatchOpenedDuringALoginJoinsIt) {
  upstream_.Hold();
  GetToken();
  const auto watch = Watch();
  EXPECT_TRUE(watch->generations.empty());
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_THAT(watch->generations, ElementsAre(1u));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(WatchTest, DeadlineIsForTheFirstTokenOnly) {
  const auto watch = Watch("one", Within(absl::Seconds(1)));
  Advance(kRefreshDelay);
  EXPECT_THAT(watch->generations, ElementsAre(1u, 2u));
  upstream_.Hold();
  const auto hasty = Watch("two", Within(absl::Seconds(1)));
  Advance(absl::Seconds(1));
  ASSERT_TRUE(hasty->end.has_value());
  EXPECT_EQ(hasty->end->status.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(WatchTest, OutageIsSilentHoweverLongAndTheNextTokenIsSeen) {
  const auto watch = Watch();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(absl::Hours(1));
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_THAT(watch->generations, ElementsAre(1u));
  EXPECT_FALSE(watch->end.has_value());
  upstream_.FailAlways(Kind::kRefresh, absl::OkStatus());
  Advance(absl::Minutes(1));
  EXPECT_THAT(watch->generations, ElementsAre(1u, 2u));
}

TEST_F(WatchTest, Row7DeadRefreshTokenIsARotation) {
  const auto watch = Watch();
  upstream_.FailNext(Kind::kRefresh, Dead());
  Advance(kRefreshDelay);
  EXPECT_THAT(watch->generations, ElementsAre(1u, 2u));
  EXPECT_FALSE(watch->end.has_value());
}

TEST_F(WatchTest, RejectedCredentialEndsItOnceTheTokenHasEnded) {
  const auto watch = Watch();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.FailNext(Kind::kLogin, Rejected());
  Advance(kRefreshDelay);
  EXPECT_FALSE(watch->end.has_value());
  Advance(kLifetime - kSlack - kRefreshDelay);
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kCredentialRejected);
}

TEST_F(WatchTest, RejectedCredentialEndsItAtOnceWithoutALiveToken) {
  const auto watch = Watch();
  loop_.SleepThrough(kLifetime);
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.FailNext(Kind::kLogin, Rejected());
  Settle();
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kCredentialRejected);
}

TEST_F(WatchTest, ForbiddenAccountEndsIt) {
  const auto watch = Watch();
  upstream_.FailNext(Kind::kRefresh, Forbidden());
  Advance(kRefreshDelay);
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kAccountForbidden);
}

TEST_F(WatchTest, LoginThatIsForbiddenAfterADeadRefreshTokenEndsIt) {
  const auto watch = Watch();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.FailNext(Kind::kLogin, Forbidden());
  Advance(kRefreshDelay);
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kAccountForbidden);
}

TEST_F(WatchTest, CancelEndsThatOneOnly) {
  const auto cancelled = Watch();
  const CallId call = last_call_;
  const auto other = Watch();
  Cancel(call);
  ASSERT_TRUE(cancelled->end.has_value());
  EXPECT_EQ(cancelled->end->status.code(), absl::StatusCode::kCancelled);
  Advance(kRefreshDelay);
  EXPECT_THAT(cancelled->generations, ElementsAre(1u));
  EXPECT_THAT(other->generations, ElementsAre(1u, 2u));
  EXPECT_EQ(Row().watchers, 1u);
}

TEST_F(WatchTest, CancelledBeforeTheFirstTokenItIsNotOpened) {
  upstream_.Hold();
  const auto watch = Watch();
  Cancel(last_call_);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_TRUE(watch->generations.empty());
  EXPECT_EQ(watch->end->status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Row().watchers, 0u);
}

TEST_F(WatchTest, WatchedSessionIsKeptFreshForEver) {
  SessionPolicy policy;
  policy.idle_timeout = absl::Minutes(1);
  Restart(policy);
  const auto watch = Watch();
  Advance(kRefreshDelay * 10);
  EXPECT_EQ(watch->generations.size(), 11u);
}

TEST_F(WatchTest, WatchedSessionIsNotIdleHoweverLongTheOutage) {
  SessionPolicy policy;
  policy.idle_timeout = absl::Minutes(1);
  Restart(policy);
  const auto watch = Watch();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(absl::Hours(1));
  upstream_.FailAlways(Kind::kRefresh, absl::OkStatus());
  Advance(absl::Minutes(1));
  EXPECT_THAT(watch->generations, ElementsAre(1u, 2u));
}

TEST_F(WatchTest, WatchOpenedOnAnIdleSessionKeepsItFreshAgain) {
  SessionPolicy policy;
  policy.idle_timeout = absl::Minutes(1);
  policy.refresh_at = 0.5;
  Restart(policy);
  GetToken();
  Advance(absl::Seconds(310));  // Refreshed at 150 s; at 300 s nobody had asked for that token.
  ASSERT_EQ(upstream_.Count(Kind::kRefresh), 1);
  const auto watch = Watch();
  Settle();
  EXPECT_THAT(watch->generations, ElementsAre(2u, 3u));
  Advance(absl::Seconds(150));
  EXPECT_THAT(watch->generations, ElementsAre(2u, 3u, 4u));
}

}  // namespace
}  // namespace credbroker
