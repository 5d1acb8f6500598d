#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

class WatchTest : public ApiFixture {
 protected:
  void ServeWithAge(absl::Duration age) {
    GrpcServerOptions options;
    options.max_connection_age = age;
    Serve(options);
  }
};

TEST_F(WatchTest, TheCurrentTokenComesFirstThenEachNewOne) {
  TokenWatch watch(*stub_);
  EXPECT_EQ(watch.NextToken(), "access-1");
  Step(absl::Seconds(201));
  const auto second = watch.Next();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->token().access_token(), "access-2");
  EXPECT_EQ(second->token().generation(), 2);
  Step(absl::Seconds(201));
  EXPECT_EQ(watch.NextToken(), "access-3");
}

TEST_F(WatchTest, AFailureToGetTheFirstTokenIsTheEnd) {
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kCredentialRejected, "wrong password"));
  TokenWatch watch(*stub_);
  const Refusal end = RefusalIn(watch.End());
  EXPECT_EQ(end.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(end.reason, "CREDENTIAL_REJECTED");
  EXPECT_EQ(end.metadata.at("account"), "one");
  EXPECT_EQ(Counted("WatchToken", "FAILED_PRECONDITION"), 1);
}

TEST_F(WatchTest, WhoeverMayNotWatchIsRefused) {
  EXPECT_EQ(RefusalIn(TokenWatch(*stub_, "nobody").End()).reason, "ACCOUNT_UNKNOWN");
  EXPECT_EQ(RefusalIn(TokenWatch(*stub_, "../one").End()).reason, "INVALID_FIELD");
  Serve({}, AccessPolicy{/*in_kubernetes_pod=*/true});
  const Refusal known = RefusalIn(TokenWatch(*stub_, "one", "acme").End());
  const Refusal unknown = RefusalIn(TokenWatch(*stub_, "one", "nobody").End());
  EXPECT_EQ(known.code, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(unknown.code, known.code);
  EXPECT_EQ(unknown.reason, known.reason);
  EXPECT_EQ(unknown.message, known.message);
}

TEST_F(WatchTest, AnOutageIsSilence) {
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  upstream_.FailAlways(Kind::kRefresh, Failure(Reason::kUpstreamUnavailable, "away"));
  upstream_.FailAlways(Kind::kLogin, Failure(Reason::kUpstreamUnavailable, "away"));
  Step(absl::Minutes(6));
  ASSERT_TRUE(Eventually([&] { return upstream_.Count(Kind::kRefresh) > 0; }));
  EXPECT_EQ(GetToken().reason(), "UPSTREAM_UNAVAILABLE") << "the token is dead, the watch is not";
  upstream_.FailAlways(Kind::kRefresh, absl::OkStatus());
  upstream_.FailAlways(Kind::kLogin, absl::OkStatus());
  Step(absl::Minutes(2));
  EXPECT_EQ(watch.NextToken(), "access-2");
}

// How each loss of the session is told: as the last message, then OK.
class RevokedTest : public WatchTest {
 protected:
  void ExpectRevoked(TokenWatch& watch, v1::Revoked::Reason reason) {
    const auto last = watch.Next();
    ASSERT_TRUE(last.has_value());
    ASSERT_TRUE(last->has_revoked()) << last->ShortDebugString();
    EXPECT_EQ(last->revoked().reason(), reason);
    EXPECT_FALSE(watch.Next().has_value());
    EXPECT_TRUE(watch.End().ok());
    EXPECT_EQ(Counted("WatchToken", "OK"), 1);
  }
};

TEST_F(RevokedTest, LoggedOut) {
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  v1::LogoutRequest request;
  request.set_tenant("acme");
  ASSERT_TRUE(Logout(request).ok());
  ExpectRevoked(watch, v1::Revoked::REASON_LOGGED_OUT);
}

TEST_F(RevokedTest, CredentialRejected) {
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  upstream_.FailNext(Kind::kRefresh, Failure(Reason::kRefreshTokenDead, "dead"));
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kCredentialRejected, "wrong password"));
  Step(absl::Seconds(201));
  ASSERT_TRUE(Eventually([&] { return upstream_.Count(Kind::kLogin) == 2; }));
  // The token lives on upstream until its time is over, and so does the watch.
  Step(absl::Seconds(99));
  ExpectRevoked(watch, v1::Revoked::REASON_CREDENTIAL_REJECTED);
}

TEST_F(RevokedTest, AccountForbidden) {
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  upstream_.FailNext(Kind::kRefresh, Failure(Reason::kAccountForbidden, "forbidden"));
  Step(absl::Seconds(201));
  ExpectRevoked(watch, v1::Revoked::REASON_ACCOUNT_FORBIDDEN);
}

TEST_F(WatchTest, Row38AWatcherThatGoesAwayLeavesTheQueue) {
  upstream_.Hold();
  auto watch = std::make_unique<TokenWatch>(*stub_);
  ASSERT_TRUE(Eventually([&] { return upstream_.InFlight() == 1; }));
  watch->context.TryCancel();
  EXPECT_EQ(watch->End().error_code(), grpc::StatusCode::CANCELLED);
  ASSERT_TRUE(Eventually([&] { return Counted("WatchToken", "CANCELLED") == 1; }));
  upstream_.Release();
  EXPECT_EQ(GetToken().response.token().access_token(), "access-1");
}

TEST_F(WatchTest, AWatcherThatGoesAwayIsNoLongerCounted) {
  const auto watchers = [&] { return ListSessions({}).response.sessions(0).watchers(); };
  TokenWatch stays(*stub_);
  ASSERT_EQ(stays.NextToken(), "access-1");
  TokenWatch goes(*stub_);
  ASSERT_EQ(goes.NextToken(), "access-1");
  EXPECT_EQ(watchers(), 2);
  goes.context.TryCancel();
  ASSERT_TRUE(Eventually([&] { return watchers() == 1; }));
  EXPECT_TRUE(Eventually([&] { return Counted("WatchToken", "CANCELLED") == 1; }));
  Step(absl::Seconds(201));
  EXPECT_EQ(stays.NextToken(), "access-2");
}

TEST_F(WatchTest, AWatchersDeadlineIsCountedAsOne) {
  v1::WatchTokenRequest request;
  request.set_tenant("acme");
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(clock_.Wall() + absl::Seconds(2)));
  const auto reader = stub_->WatchToken(&context, request);
  v1::WatchTokenResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(Eventually([&] { return Counted("WatchToken", "DEADLINE_EXCEEDED") == 1; }));
}

TEST_F(WatchTest, AWatchEndsBeforeItsConnectionIsTooOld) {
  ServeWithAge(absl::Minutes(10));
  TokenWatch watch(*stub_);
  ASSERT_EQ(watch.NextToken(), "access-1");
  // The middle of the spread: 95 % of the age.
  Step(absl::Minutes(9.5));
  const Refusal end = RefusalIn(watch.End());
  EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.reason, "DRAINING");
  EXPECT_EQ(end.retry_delay, absl::Seconds(1));
  EXPECT_EQ(Counted("WatchToken", "UNAVAILABLE"), 1);
}

TEST_F(WatchTest, WatchesOfOneMomentEndAtDifferentTimes) {
  ServeWithAge(absl::Minutes(10));
  random_.SetFraction(0);
  TokenWatch late(*stub_);
  ASSERT_EQ(late.NextToken(), "access-1");
  random_.SetFraction(0.9);
  TokenWatch early(*stub_);
  ASSERT_EQ(early.NextToken(), "access-1");
  Step(absl::Minutes(9.5));
  const Refusal end = RefusalIn(early.End());
  EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.retry_delay, absl::Seconds(1.4));
  random_.SetFraction(0);
  v1::RefreshRequest request;
  request.set_tenant("acme");
  ASSERT_TRUE(Refresh(request).ok());
  EXPECT_NE(late.NextToken(), "the end");
  Step(absl::Minutes(0.5));
  EXPECT_EQ(RefusalIn(late.End()).retry_delay, absl::Seconds(0.5));
}

// By gRPC's own clock: its grace must not cut a watch before the watch has ended by itself, however
// old the connection was when it began.
TEST_F(WatchTest, AWatchOnAnOldConnectionLivesToItsOwnEnd) {
  GrpcServerOptions options;
  options.max_connection_age = absl::Seconds(1);
  options.leaving_margin = absl::ZeroDuration();
  Serve(options);
  const auto channel = NewChannel();
  const auto stub = v1::CredentialBroker::NewStub(channel);
  for (int i = 0; i < 5; ++i) {
    TokenWatch watch(*stub);
    ASSERT_NE(watch.NextToken(), "the end");
    const Refusal end = RefusalIn(watch.End());
    EXPECT_EQ(end.code, grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(end.reason, "DRAINING") << end.message;
    EXPECT_TRUE(end.retry_delay.has_value());
  }
}

}  // namespace
}  // namespace credbroker
