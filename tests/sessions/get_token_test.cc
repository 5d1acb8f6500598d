#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using GetTokenTest = SessionFixture;

TEST_F(GetTokenTest, ConcurrentCallersShareOneLoginAndItsToken) {
  upstream_.Hold();
  const auto first = GetToken();
  const auto second = GetToken();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(TokenOf(first), "access-1");
  EXPECT_EQ(TokenOf(second), "access-1");
}

TEST_F(GetTokenTest, ConcurrentCallersShareOneFailure) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  upstream_.Hold();
  const auto first = GetToken();
  const auto second = GetToken();
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(first), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonIn(second), Reason::kUpstreamUnavailable);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(GetTokenTest, Row1WhoComesDuringTheBackoffFailsAtOnceAndLearnsHowLongItLasts) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  EXPECT_EQ(RetryIn(GetToken()), absl::Milliseconds(500));
  Advance(absl::Milliseconds(300));
  const auto early = GetToken();
  EXPECT_EQ(ReasonIn(early), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryIn(early), absl::Milliseconds(200));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Advance(absl::Milliseconds(200));
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(GetTokenTest, Row5BackoffIsAsLongAsUpstreamAsked) {
  upstream_.FailNext(Kind::kLogin,
                     Failure(Reason::kUpstreamUnavailable, "busy", absl::Seconds(90)));
  EXPECT_EQ(RetryIn(GetToken()), absl::Seconds(90));
  Advance(absl::Seconds(90) - kTick);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kUpstreamUnavailable);
  Advance(kTick);
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
}

TEST_F(GetTokenTest, Row15UntrustedUpstreamIsPacedLikeAPassingFailure) {
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kUpstreamUntrusted, "wrong signature"));
  const auto first = GetToken();
  EXPECT_EQ(ReasonIn(first), Reason::kUpstreamUntrusted);
  EXPECT_EQ(StatusOf(first).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kUpstreamUntrusted);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(GetTokenTest, NobodyWaitsWhileALiveTokenIsCached) {
  GetToken();
  upstream_.Hold();
  Advance(kRefreshDelay);
  EXPECT_EQ(upstream_.InFlight(), 1);
  EXPECT_EQ(TokenOf(GetToken()), "access-1");
  EXPECT_EQ(Peek()->generation, 1u);
}

TEST_F(GetTokenTest, AccountsDoNotShareSessions) {
  EXPECT_EQ(TokenOf(GetToken("one")), "access-1");
  EXPECT_EQ(TokenOf(GetToken("two")), "access-2");
  EXPECT_EQ(TokenOf(GetToken("beta/one")), "access-3");
  EXPECT_EQ(Peek("beta/one")->generation, 1u);
}

TEST_F(GetTokenTest, Row2SlowUpstreamCostsACallerItsOwnDeadlineOnly) {
  upstream_.Hold();
  const auto hasty = GetToken("one", absl::ZeroDuration(), Within(absl::Seconds(3)));
  const auto patient = GetToken();
  Advance(absl::Seconds(3) - kTick);
  EXPECT_FALSE(hasty->has_value());
  Advance(kTick);
  EXPECT_EQ(StatusOf(hasty).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(patient->has_value());
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(TokenOf(patient), "access-1");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(GetTokenTest, Row38CancelledCallerLeavesTheQueueAndTheFlightGoesOn) {
  upstream_.Hold();
  const auto cancelled = GetToken();
  const CallId call = last_call_;
  const auto patient = GetToken();
  Cancel(call);
  EXPECT_EQ(StatusOf(cancelled).code(), absl::StatusCode::kCancelled);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(TokenOf(patient), "access-1");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(GetTokenTest, Row38FlightThatNobodyWaitsForAnyMoreIsStillOfUse) {
  upstream_.Hold();
  GetToken();
  Cancel(last_call_);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(Peek()->generation, 1u);
}

TEST_F(GetTokenTest, CancellingAnAnsweredCallIsHarmless) {
  const auto answered = GetToken();
  Cancel(last_call_);
  EXPECT_EQ(TokenOf(answered), "access-1");
}

TEST_F(GetTokenTest, TokenWithExactlyTheRemainingLifetimeWillDo) {
  GetToken();
  Advance(absl::Seconds(100));
  EXPECT_NE(Peek("one", absl::Seconds(200)), nullptr);
  EXPECT_EQ(Peek("one", absl::Seconds(200) + kTick), nullptr);
  EXPECT_EQ(GenerationOf(GetToken("one", absl::Seconds(200))), 1u);
  EXPECT_EQ(GenerationOf(GetToken("one", absl::Seconds(200) + kTick)), 2u);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

TEST_F(GetTokenTest, NineTenthsOfTheLifetimeCanBeAskedForAndNoMore) {
  EXPECT_EQ(GenerationOf(GetToken("one", absl::Seconds(270))), 1u);
  const auto too_much = GetToken("one", absl::Seconds(270) + kTick);
  EXPECT_EQ(ReasonIn(too_much), Reason::kLifetimeUnattainable);
  EXPECT_EQ(StatusOf(too_much).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(upstream_.calls().size(), 1u);
}

TEST_F(GetTokenTest, WhatCannotBeAskedForIsRefusedTheFirstTimeToo) {
  EXPECT_EQ(ReasonIn(GetToken("one", absl::Seconds(270) + kTick)), Reason::kLifetimeUnattainable);
  EXPECT_EQ(Peek()->generation, 1u);
}

TEST_F(GetTokenTest, LifetimeLastGrantedIsKnownAfterALogout) {
  GetToken();
  Logout();
  Settle();
  EXPECT_EQ(ReasonIn(GetToken("one", absl::Seconds(271))), Reason::kLifetimeUnattainable);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(GetTokenTest, TokenThatTookTooLongForTheLifetimeAskedForFailsTheCall) {
  upstream_.Hold();
  const auto waiting = GetToken("one", absl::Seconds(270));
  Advance(absl::Seconds(30) + kTick);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(ReasonIn(waiting), Reason::kLifetimeUnattainable);
}

TEST_F(GetTokenTest, RenewalForALifetimeThatFailsFailsTheCallAndKeepsTheSession) {
  GetToken();
  Advance(absl::Seconds(100));
  upstream_.FailNext(Kind::kRefresh, Unavailable());
  EXPECT_EQ(ReasonIn(GetToken("one", absl::Seconds(250))), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonIn(GetToken("one", absl::Seconds(250))), Reason::kUpstreamUnavailable);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
  EXPECT_EQ(Peek()->generation, 1u);
}

TEST_F(GetTokenTest, OutcomesAreCounted) {
  upstream_.Hold();
  GetToken();
  GetToken();
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ(TokenRequests("fetched"), 1);
  EXPECT_EQ(TokenRequests("joined"), 1);
  Peek();
  EXPECT_EQ(TokenRequests("hit"), 1);
  GetToken("one", kLifetime);
  EXPECT_EQ(TokenRequests("refused"), 1);
  GetToken("nobody@acme.example");
  EXPECT_EQ(TokenRequests("refused"), 2);
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken("two");
  EXPECT_EQ(TokenRequests("failed"), 1);
}

TEST_F(GetTokenTest, RejectionCountsAsFailedAndTheHoldAsRefused) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  EXPECT_EQ(TokenRequests("failed"), 1);
  GetToken();
  EXPECT_EQ(TokenRequests("refused"), 1);
}

TEST_F(GetTokenTest, TokenServedAlthoughItsRefreshIsOverdueCountsAsStale) {
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  GetToken();
  Advance(kRefreshDelay + kSlack - kTick);
  Peek();
  EXPECT_EQ(TokenRequests("stale"), 0);
  Advance(kTick);
  Peek();
  EXPECT_EQ(TokenRequests("stale"), 1);
  EXPECT_EQ(TokenRequests("hit"), 1);
}

// The token came while the caller was on its way to the loop.
TEST_F(GetTokenTest, TokenThatIsFoundOnTheLoopCountsAsAHit) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  GetToken();
  EXPECT_EQ(TokenRequests("hit"), 1);
  Advance(kRefreshDelay + kSlack);
  GetToken();
  EXPECT_EQ(TokenRequests("stale"), 1);
  EXPECT_EQ(TokenRequests("hit"), 1);
  EXPECT_EQ(TokenRequests("joined"), 0);
}

TEST_F(GetTokenTest, PeekThatFindsNothingCountsNothing) {
  Peek();
  for (const char* outcome : {"hit", "joined", "fetched", "stale", "refused", "failed"}) {
    EXPECT_EQ(TokenRequests(outcome), 0) << outcome;
  }
}

}  // namespace
}  // namespace credbroker
