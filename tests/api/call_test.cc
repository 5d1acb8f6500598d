// What one call sees of another, of time, and of the broker's knowledge of it.

#include <string>
#include <vector>

#include "tests/api/api_fixture.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

class CallTest : public ApiFixture {
 protected:
  template <typename Request>
  static Request For(const std::string& tenant, const std::string& account = "one") {
    Request request;
    request.set_tenant(tenant);
    request.set_account(account);
    return request;
  }
  bool LoginIsRunning() {
    return Eventually([&] { return upstream_.InFlight() == 1; });
  }
};

TEST_F(CallTest, AnAnswerHasTheWholeToken) {
  const auto outcome = GetToken();
  ASSERT_TRUE(outcome.ok()) << outcome.status.error_message();
  const v1::Token& token = outcome.response.token();
  EXPECT_EQ(token.access_token(), "access-1");
  EXPECT_EQ(token.header_name(), "Session");
  EXPECT_EQ(token.generation(), 1);
  EXPECT_EQ(token.device_id(), "device");
  EXPECT_EQ(token.expire_time().seconds() - token.issue_time().seconds(), 300);
}

TEST_F(CallTest, AHitIsAnsweredWithTheSameBytes) {
  const auto first = GetToken();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(GetToken().response.SerializeAsString(), first.response.SerializeAsString());
  }
  EXPECT_EQ(GetToken(TokenRequest("acme", "")).response.token().access_token(), "access-1")
      << "the first account";
  EXPECT_EQ(GetToken(TokenRequest("acme", "one@acme.example")).response.token().access_token(),
            "access-1")
      << "its address";
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  Step(absl::Seconds(201));
  ASSERT_TRUE(Eventually([&] { return upstream_.Count(Kind::kRefresh) == 1; }));
  ASSERT_TRUE(Eventually([&] { return GetToken().response.token().generation() == 2; }));
  EXPECT_EQ(GetToken().response.token().access_token(), "access-2");
}

TEST_F(CallTest, ATokenThatWouldNotLastIsNoHit) {
  ASSERT_TRUE(GetToken().ok());
  auto request = TokenRequest();
  request.mutable_min_remaining_lifetime()->set_seconds(200);
  EXPECT_EQ(GetToken(request).response.token().generation(), 1);
  Step(absl::Seconds(150));
  EXPECT_EQ(GetToken(request).response.token().generation(), 2);
  request.mutable_min_remaining_lifetime()->set_seconds(271);
  const auto outcome = GetToken(request);
  EXPECT_EQ(outcome.code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(outcome.reason(), "LIFETIME_UNATTAINABLE");
}

TEST_F(CallTest, LoginRefreshAndLogoutAnswer) {
  auto login = Login(For<v1::LoginRequest>("acme"));
  ASSERT_TRUE(login.ok()) << login.status.error_message();
  EXPECT_EQ(login.response.token().access_token(), "access-1");
  EXPECT_FALSE(login.response.reused());
  login = Login(For<v1::LoginRequest>("acme"));
  EXPECT_EQ(login.response.token().access_token(), "access-1");
  EXPECT_TRUE(login.response.reused());

  auto refresh = For<v1::RefreshRequest>("acme");
  refresh.set_if_generation(1);
  EXPECT_EQ(Refresh(refresh).response.token().generation(), 2);
  EXPECT_EQ(Refresh(refresh).response.token().generation(), 2) << "it is no longer at 1";
  refresh.clear_if_generation();
  EXPECT_EQ(Refresh(refresh).response.token().generation(), 3);

  const auto logout = Logout(For<v1::LogoutRequest>("acme"));
  ASSERT_TRUE(logout.ok());
  EXPECT_TRUE(logout.response.revoked_upstream());
  EXPECT_FALSE(Logout(For<v1::LogoutRequest>("acme")).response.revoked_upstream());
}

TEST_F(CallTest, ACallersOwnPasswordLogsItIn) {
  auto request = For<v1::LoginRequest>("acme", "Someone@acme.example");
  request.set_password("canary password");
  request.mutable_device()->set_os("Plan 9");
  const auto outcome = Login(request);
  ASSERT_TRUE(outcome.ok()) << outcome.status.error_message();
  ASSERT_EQ(upstream_.calls().size(), 1);
  EXPECT_EQ(upstream_.calls()[0].email, "Someone@acme.example");
  EXPECT_EQ(upstream_.calls()[0].device.os, "Plan 9");
  EXPECT_EQ(GetToken(TokenRequest("acme", "someone@acme.example")).response.token().generation(),
            1);
}

TEST_F(CallTest, AFailureCarriesWhatTheContractSays) {
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kUpstreamUnavailable, "upstream is away"));
  const Refusal refusal = RefusalIn(GetToken().status);
  EXPECT_EQ(refusal.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(refusal.reason, "UPSTREAM_UNAVAILABLE");
  EXPECT_EQ(refusal.metadata.at("tenant"), "acme");
  EXPECT_EQ(refusal.metadata.at("account"), "one");
  EXPECT_TRUE(refusal.retry_delay.has_value());
}

TEST_F(CallTest, Row2ACallerThatRunsOutOfTimeLeavesTheOthersTheirExchange) {
  upstream_.Hold();
  const auto patient = StartGetToken(*stub_);
  ASSERT_TRUE(LoginIsRunning());
  const auto hasty = StartGetToken(*stub_, TokenRequest(), absl::Milliseconds(200));
  EXPECT_EQ(hasty->Wait().code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_FALSE(patient->done());
  upstream_.Release();
  EXPECT_EQ(patient->Wait().response.token().access_token(), "access-1");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(CallTest, Row2TheExchangeGoesOnEvenIfNobodyWaits) {
  upstream_.Hold();
  const auto hasty = StartGetToken(*stub_, TokenRequest(), absl::Milliseconds(200));
  EXPECT_EQ(hasty->Wait().code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(LoginIsRunning());
  upstream_.Release();
  EXPECT_TRUE(GetToken().ok());
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(CallTest, Row38ACallWithoutADeadlineGetsThirtySeconds) {
  upstream_.Hold();
  const auto call = StartGetToken(*stub_);
  ASSERT_TRUE(LoginIsRunning());
  Step(absl::Seconds(29));
  EXPECT_FALSE(call->done());
  Step(absl::Seconds(1));
  const auto outcome = call->Wait();
  EXPECT_EQ(outcome.code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(outcome.reason(), "");
  EXPECT_EQ(Counted("GetToken", "DEADLINE_EXCEEDED"), 1);
  EXPECT_EQ(upstream_.InFlight(), 1);
}

TEST_F(CallTest, Row38ACancelledCallerLeavesTheQueueAndTheExchangeGoesOn) {
  upstream_.Hold();
  const auto patient = StartGetToken(*stub_);
  ASSERT_TRUE(LoginIsRunning());
  const auto fickle = StartGetToken(*stub_);
  // On the same connection, so after it.
  ASSERT_EQ(GetToken(TokenRequest("nobody")).code(), grpc::StatusCode::NOT_FOUND);
  fickle->context.TryCancel();
  EXPECT_EQ(fickle->Wait().code(), grpc::StatusCode::CANCELLED);
  // What counts it is the queue's answer to it.
  ASSERT_TRUE(Eventually([&] { return Counted("GetToken", "CANCELLED") == 1; }));
  EXPECT_FALSE(patient->done());
  EXPECT_EQ(upstream_.InFlight(), 1);
  upstream_.Release();
  EXPECT_EQ(patient->Wait().response.token().access_token(), "access-1");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(CallTest, Row36AnUnknownTenantIsRefusedLikeOneThatIsNotAllowed) {
  Serve({}, AccessPolicy{/*in_kubernetes_pod=*/true});
  std::vector<Refusal> refusals;
  for (const char* tenant : {"acme", "nobody"}) {
    refusals.push_back(RefusalIn(GetToken(TokenRequest(tenant)).status));
    refusals.push_back(RefusalIn(Login(For<v1::LoginRequest>(tenant)).status));
    refusals.push_back(RefusalIn(Refresh(For<v1::RefreshRequest>(tenant)).status));
    refusals.push_back(RefusalIn(Logout(For<v1::LogoutRequest>(tenant)).status));
    v1::ListSessionsRequest list;
    list.set_tenant(tenant);
    refusals.push_back(RefusalIn(ListSessions(list).status));
  }
  const size_t half = refusals.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    EXPECT_EQ(refusals[i].code, grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(refusals[i].reason, "CALLER_NOT_ALLOWED");
    EXPECT_EQ(refusals[i].metadata.at("tenant"), "acme");
    EXPECT_EQ(refusals[i].metadata.at("principal"), "local");
    EXPECT_EQ(refusals[half + i].code, refusals[i].code);
    EXPECT_EQ(refusals[half + i].reason, refusals[i].reason);
    EXPECT_EQ(refusals[half + i].message, refusals[i].message);
    EXPECT_EQ(refusals[half + i].metadata.at("principal"), "local");
    EXPECT_EQ(refusals[half + i].retry_delay, refusals[i].retry_delay);
  }
  EXPECT_TRUE(upstream_.calls().empty());
}

TEST_F(CallTest, Row36OnlyOperatorsLearnThatATenantIsUnknown) {
  const Refusal tenant = RefusalIn(GetToken(TokenRequest("nobody")).status);
  EXPECT_EQ(tenant.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(tenant.reason, "TENANT_UNKNOWN");
  const Refusal account = RefusalIn(GetToken(TokenRequest("acme", "nobody")).status);
  EXPECT_EQ(account.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(account.reason, "ACCOUNT_UNKNOWN");
}

TEST_F(CallTest, WhoeverSeesAnAnswerFindsItCounted) {
  for (int i = 1; i <= 50; ++i) {
    ASSERT_TRUE(GetToken().ok());
    ASSERT_EQ(Counted("GetToken", "OK"), i);
    ASSERT_FALSE(GetToken(TokenRequest("nobody")).ok());
    ASSERT_EQ(Counted("GetToken", "NOT_FOUND"), i);
    ASSERT_TRUE(Refresh(For<v1::RefreshRequest>("acme")).ok());
    ASSERT_EQ(Counted("Refresh", "OK"), i);
  }
}

// The caller's deadline, told by gRPC, long before the broker's own timer.
TEST_F(CallTest, ACallersDeadlineIsCountedAsOne) {
  upstream_.Hold();
  const auto hasty = StartGetToken(*stub_, TokenRequest(), absl::Seconds(2));
  ASSERT_TRUE(LoginIsRunning());
  EXPECT_EQ(hasty->Wait().code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(Eventually([&] { return Counted("GetToken", "DEADLINE_EXCEEDED") == 1; }));
  EXPECT_EQ(Counted("GetToken", "CANCELLED"), 0);
}

}  // namespace
}  // namespace credbroker
