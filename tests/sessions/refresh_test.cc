#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using RefreshTest = SessionFixture;

TEST_F(RefreshTest, TokenIsRefreshedAheadWhenItIsDue) {
  GetToken();
  Advance(kRefreshDelay - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 0);
  Advance(kTick);
  EXPECT_EQ(Presented(Kind::kRefresh), std::vector<std::string>{"refresh-1"});
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(RefreshTest, RefreshGivesANewTokenAlthoughTheOldOneIsLive) {
  GetToken();
  const auto refreshed = Refresh();
  EXPECT_EQ(TokenOf(refreshed), "access-2");
  EXPECT_EQ(GenerationOf(refreshed), 2u);
}

TEST_F(RefreshTest, ThousandCallersWithTheSameGenerationCauseOneRefresh) {
  GetToken();
  upstream_.Hold();
  std::vector<std::shared_ptr<Result>> results;
  for (int i = 0; i < 1000; ++i) results.push_back(Refresh(1));
  upstream_.Release();
  loop_.RunPosted();
  results.push_back(Refresh(1));  // One who comes late.
  for (const auto& result : results) ASSERT_EQ(GenerationOf(result), 2u);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

TEST_F(RefreshTest, OtherGenerationIsAnsweredAtOnceEvenWhileARefreshRuns) {
  GetToken();
  Refresh();
  upstream_.Hold();
  Refresh();
  EXPECT_EQ(GenerationOf(Refresh(1)), 2u);
}

TEST_F(RefreshTest, OtherGenerationThatHasExpiredIsNoAnswer) {
  GetToken();
  loop_.SleepThrough(kLifetime);
  EXPECT_EQ(GenerationOf(Refresh(7)), 2u);
}

TEST_F(RefreshTest, FailureIsNotAnsweredWithTheGenerationToReplaceAndKeepsTheSession) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  EXPECT_EQ(ReasonIn(Refresh(1)), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Peek()->generation, 1u);
  EXPECT_EQ(Peek()->access_token.RevealSecret(), "access-1");
}

TEST_F(RefreshTest, GenerationThatARestartHasBegunAgainIsNotAnsweredEither) {
  const auto first = Refresh(1);
  const auto second = Refresh(1);
  EXPECT_EQ(GenerationOf(first), 2u);
  EXPECT_EQ(GenerationOf(second), 2u);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

TEST_F(RefreshTest, WithoutASessionItIsAsGetToken) {
  EXPECT_EQ(TokenOf(Refresh()), "access-1");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(ReasonIn(Refresh(std::nullopt, "nobody@acme.example")), Reason::kLoginRequired);
}

TEST_F(RefreshTest, PassingFailureServesTheLiveTokenAndBacksOff) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(kRefreshDelay);
  EXPECT_EQ(Row().state, SessionState::kBackingOff);
  EXPECT_EQ(Peek()->generation, 1u);
  Advance(kLifetime - kSlack - kRefreshDelay);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kUpstreamUnavailable);
}

TEST_F(RefreshTest, BackoffDoublesAndBeginsAnewAfterASuccess) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  Advance(absl::Milliseconds(500));
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 2);
  Advance(absl::Seconds(1) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 2);
  EXPECT_EQ(Row().consecutive_failures, 2u);
  upstream_.FailAlways(Kind::kRefresh, absl::OkStatus());
  Advance(kTick);
  EXPECT_EQ(Peek()->generation, 2u);
  EXPECT_EQ(Row().consecutive_failures, 0u);
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  EXPECT_EQ(RetryIn(Refresh()), absl::Milliseconds(500));
}

TEST_F(RefreshTest, Row7DeadRefreshTokenLeadsToOneLoginAndIsNeverSentAgain) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  EXPECT_EQ(TokenOf(Refresh()), "access-2");
  Refresh();
  EXPECT_EQ(Presented(Kind::kRefresh), (std::vector<std::string>{"refresh-1", "refresh-2"}));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(RefreshTest, Row7TokenIsServedToItsEndWhileTheLoginFails) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.FailAlways(Kind::kLogin, Unavailable());
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kUpstreamUnavailable);
  EXPECT_EQ(Peek()->generation, 1u);
  Advance(kLifetime);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  upstream_.FailAlways(Kind::kLogin, absl::OkStatus());
  Advance(absl::Minutes(1));
  EXPECT_EQ(Peek()->generation, 2u);
}

TEST_F(RefreshTest, Row7SessionThatUpstreamHasEndedIsNotLoggedOut) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  Refresh();
  Advance(absl::Minutes(1));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
}

TEST_F(RefreshTest, Row21ThousandCallersWhoReportARevokedSessionCauseOneLogin) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.Hold();
  std::vector<std::shared_ptr<Result>> results;
  for (int i = 0; i < 1000; ++i) results.push_back(Refresh(1));
  upstream_.Release();
  loop_.RunPosted();
  for (const auto& result : results) ASSERT_EQ(TokenOf(result), "access-2");
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(RefreshTest, Row21SecondLoginAfterADeadTokenWaitsForTenSeconds) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Dead());
  EXPECT_EQ(TokenOf(Refresh()), "access-2");
  Advance(absl::Seconds(1));
  const auto refused = Refresh();
  EXPECT_EQ(ReasonIn(refused), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryIn(refused), absl::Seconds(9));
  EXPECT_EQ(Peek()->generation, 2u);
  Advance(absl::Seconds(9) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 3);
  EXPECT_EQ(Peek()->generation, 3u);
}

TEST_F(RefreshTest, Row21LoginAtTheEndOfTheWindowOpensTheNextOne) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Dead());
  Refresh();
  Refresh();
  Advance(absl::Seconds(10));
  ASSERT_EQ(upstream_.Count(Kind::kLogin), 3);
  Advance(absl::Seconds(1));
  EXPECT_EQ(RetryIn(Refresh()), absl::Seconds(9));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 3);
}

TEST_F(RefreshTest, Row21DeadTokenExactlyTenSecondsLaterIsLoggedInAtOnce) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Dead());
  Refresh();
  Advance(absl::Seconds(10));
  EXPECT_EQ(TokenOf(Refresh()), "access-3");
}

TEST_F(RefreshTest, ForbiddenOnRefreshDropsTheSessionAndHoldsTheAccountBack) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Forbidden());
  EXPECT_EQ(ReasonIn(Refresh()), Reason::kAccountForbidden);
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(RefreshTest, ReaderWhoFindsTheRefreshDueStartsOneThatNobodyWaitsFor) {
  GetToken();
  loop_.SleepThrough(kRefreshDelay);
  EXPECT_EQ(Peek()->generation, 1u);
  loop_.RunPosted();
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(Peek()->generation, 2u);
}

}  // namespace
}  // namespace credbroker
