// What the API puts on record, and when.

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/ops/token_fingerprint.h"
#include "tests/api/api_fixture.h"
#include "tests/api/token_watch.h"

namespace credbroker {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class AuditTest : public ApiFixture {
 protected:
  std::vector<AuditEvent> Issued() const { return audit_.events(AuditKind::kTokenIssued); }
  std::vector<AuditEvent> Denied() const { return audit_.events(AuditKind::kDenied); }
  static std::string FingerprintOf(const std::string& token) {
    return TokenFingerprint(Secret::Copy(token));
  }
  static absl::Status Full() { return Failure(Reason::kAuditUnavailable, "full"); }
  // A server that knows nobody's right.
  void ServeNobody() {
    AccessPolicy policy;
    policy.in_kubernetes_pod = true;
    Serve({}, policy);
  }
};

TEST_F(AuditTest, TheFirstHandOutSaysWhoGotWhichTokenOfWhat) {
  const auto answer = GetToken();
  ASSERT_TRUE(answer.ok());
  ASSERT_THAT(Issued(), SizeIs(1));
  const AuditEvent issued = Issued().front();
  EXPECT_EQ(issued.principal, "local");
  EXPECT_THAT(issued.peer, StartsWith("ipv4:127.0.0.1:"));
  EXPECT_EQ(issued.rpc, "GetToken");
  EXPECT_EQ(issued.tenant, "acme");
  EXPECT_EQ(issued.account, "one");
  EXPECT_EQ(issued.generation, answer.response.token().generation());
  EXPECT_EQ(issued.token_fingerprint, FingerprintOf(answer.response.token().access_token()));
  EXPECT_EQ(issued.outcome, "ok");
}

TEST_F(AuditTest, NoTokenIsSentBeforeItIsOnRecord) {
  audit_.Hold();
  const auto fetched = StartGetToken(*stub_);
  ASSERT_TRUE(Eventually([&] { return audit_.held() == 1; }));
  // In memory by now.
  const auto hit = StartGetToken(*stub_);
  // A server that waited for the record would not answer others.
  EXPECT_TRUE(ListSessions({}).ok());
  EXPECT_FALSE(fetched->done());
  EXPECT_FALSE(hit->done());
  audit_.Release();
  EXPECT_TRUE(fetched->Wait().ok());
  EXPECT_TRUE(hit->Wait().ok());
  EXPECT_THAT(Issued(), SizeIs(1));
}

TEST_F(AuditTest, RepeatsAreCountedAndSummedUp) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(GetToken().ok());
  EXPECT_THAT(Issued(), SizeIs(1));
  trail_.SumUp();
  ASSERT_THAT(audit_.events(AuditKind::kTokenReissued), SizeIs(1));
  EXPECT_EQ(audit_.events(AuditKind::kTokenReissued).front().count, 4u);
}

TEST_F(AuditTest, WithoutARecordNobodyGetsATokenForTheFirstTime) {
  audit_.Answer(Full());
  const auto fetched = GetToken();
  EXPECT_EQ(fetched.code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(fetched.reason(), "AUDIT_UNAVAILABLE");
  EXPECT_TRUE(RefusalIn(fetched.status).retry_delay.has_value());
  EXPECT_EQ(fetched.response.token().access_token(), "");
  const auto hit = GetToken();
  EXPECT_EQ(hit.reason(), "AUDIT_UNAVAILABLE");
  v1::LoginRequest login;
  login.set_tenant("acme");
  EXPECT_EQ(Login(login).reason(), "AUDIT_UNAVAILABLE");
  v1::RefreshRequest refresh;
  refresh.set_tenant("acme");
  EXPECT_EQ(Refresh(refresh).reason(), "AUDIT_UNAVAILABLE");
  audit_.Answer(absl::OkStatus());
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(AuditTest, WhoHasATokenOnRecordGetsItAgainWithoutALine) {
  ASSERT_TRUE(GetToken().ok());
  audit_.Answer(Full());
  EXPECT_TRUE(GetToken().ok());
}

TEST_F(AuditTest, EveryRpcThatGivesATokenIsNamed) {
  v1::LoginRequest login;
  login.set_tenant("acme");
  login.set_account("one");
  login.set_force_new(true);
  ASSERT_TRUE(Login(login).ok());
  v1::RefreshRequest refresh;
  refresh.set_tenant("acme");
  refresh.set_account("one");
  ASSERT_TRUE(Refresh(refresh).ok());
  TokenWatch watch(*stub_, "two");
  ASSERT_TRUE(watch.Next().has_value());
  ASSERT_THAT(Issued(), SizeIs(3));
  EXPECT_EQ(Issued()[0].rpc, "Login");
  EXPECT_EQ(Issued()[1].rpc, "Refresh");
  EXPECT_EQ(Issued()[1].generation, 2u);
  EXPECT_EQ(Issued()[2].rpc, "WatchToken");
  EXPECT_EQ(Issued()[2].account, "two");
}

TEST_F(AuditTest, EachPushOfAWatchIsOnRecordBeforeItIsSent) {
  TokenWatch watch(*stub_);
  const std::string first = watch.NextToken();
  v1::RefreshRequest refresh;
  refresh.set_tenant("acme");
  refresh.set_account("one");
  ASSERT_TRUE(Refresh(refresh).ok());
  const std::string second = watch.NextToken();
  ASSERT_THAT(Issued(), SizeIs(2));
  EXPECT_EQ(Issued()[0].token_fingerprint, FingerprintOf(first));
  EXPECT_EQ(Issued()[1].token_fingerprint, FingerprintOf(second));
}

TEST_F(AuditTest, AWatchEndsWhenAPushCannotBeRecorded) {
  TokenWatch watch(*stub_);
  ASSERT_TRUE(watch.Next().has_value());
  audit_.Answer(Full());
  v1::RefreshRequest refresh;
  refresh.set_tenant("acme");
  refresh.set_account("one");
  EXPECT_EQ(Refresh(refresh).reason(), "AUDIT_UNAVAILABLE");
  const grpc::Status end = watch.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(RefusalIn(end).reason, "AUDIT_UNAVAILABLE");
  EXPECT_TRUE(RefusalIn(end).retry_delay.has_value());
}

TEST_F(AuditTest, WhoMayNotIsOnRecord) {
  ServeNobody();
  EXPECT_EQ(GetToken(TokenRequest("acme", "jane@acme.example")).reason(), "CALLER_NOT_ALLOWED");
  ASSERT_THAT(Denied(), SizeIs(1));
  const AuditEvent denied = Denied().front();
  EXPECT_EQ(denied.principal, "local");
  EXPECT_EQ(denied.rpc, "GetToken");
  EXPECT_EQ(denied.tenant, "acme");
  EXPECT_THAT(denied.account, testing::MatchesRegex("caller-[0-9a-f]{8}"));
  EXPECT_EQ(denied.outcome, "refused");
  EXPECT_EQ(denied.reason, "CALLER_NOT_ALLOWED");
  TokenWatch watch(*stub_);
  EXPECT_EQ(RefusalIn(watch.End()).reason, "CALLER_NOT_ALLOWED");
  ASSERT_THAT(Denied(), SizeIs(2));
  EXPECT_EQ(Denied().back().rpc, "WatchToken");
}

TEST_F(AuditTest, WhatIsWrongWithARequestIsNoDenial) {
  EXPECT_EQ(GetToken(TokenRequest("no/name")).reason(), "INVALID_FIELD");
  EXPECT_EQ(GetToken(TokenRequest("unknown")).reason(), "TENANT_UNKNOWN");
  EXPECT_THAT(Denied(), IsEmpty());
}

TEST_F(AuditTest, AHitThatMustBeRecordedCountsOnce) {
  audit_.Turn(false);
  ASSERT_TRUE(GetToken().ok());
  audit_.Turn(true);
  ASSERT_TRUE(GetToken().ok());
  EXPECT_THAT(Issued(), SizeIs(1));
  const std::string page = metrics_.Render();
  EXPECT_THAT(page, testing::HasSubstr(
                        "credbroker_token_requests_total{outcome=\"hit\",tenant=\"acme\"} 1\n"));
}

}  // namespace
}  // namespace credbroker
