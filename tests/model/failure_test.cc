#include "service/model/failure.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

struct Row {
  Reason reason;
  const char* name;
  absl::StatusCode code;
};

using absl::StatusCode;

// What callers are promised. A reason that is missing here fails EveryReasonIsInTheTable.
const Row kRows[] = {
    {Reason::kTenantUnknown, "TENANT_UNKNOWN", StatusCode::kNotFound},
    {Reason::kAccountUnknown, "ACCOUNT_UNKNOWN", StatusCode::kNotFound},
    {Reason::kInvalidField, "INVALID_FIELD", StatusCode::kInvalidArgument},
    {Reason::kCallerUnidentified, "CALLER_UNIDENTIFIED", StatusCode::kUnauthenticated},
    {Reason::kCallerNotAllowed, "CALLER_NOT_ALLOWED", StatusCode::kPermissionDenied},
    {Reason::kCredentialRejected, "CREDENTIAL_REJECTED", StatusCode::kFailedPrecondition},
    {Reason::kAccountForbidden, "ACCOUNT_FORBIDDEN", StatusCode::kFailedPrecondition},
    {Reason::kCredentialHeldBack, "CREDENTIAL_HELD_BACK", StatusCode::kFailedPrecondition},
    {Reason::kUpstreamUntrusted, "UPSTREAM_UNTRUSTED", StatusCode::kInternal},
    {Reason::kUpstreamUnavailable, "UPSTREAM_UNAVAILABLE", StatusCode::kUnavailable},
    {Reason::kUpstreamMalformed, "UPSTREAM_MALFORMED", StatusCode::kUnavailable},
    {Reason::kLoginRequired, "LOGIN_REQUIRED", StatusCode::kFailedPrecondition},
    {Reason::kStoreUnavailable, "STORE_UNAVAILABLE", StatusCode::kUnavailable},
    {Reason::kLifetimeUnattainable, "LIFETIME_UNATTAINABLE", StatusCode::kOutOfRange},
    {Reason::kDraining, "DRAINING", StatusCode::kUnavailable},
    {Reason::kOverloaded, "OVERLOADED", StatusCode::kResourceExhausted},
    {Reason::kAuditUnavailable, "AUDIT_UNAVAILABLE", StatusCode::kUnavailable},
    {Reason::kRefreshTokenDead, "REFRESH_TOKEN_DEAD", StatusCode::kFailedPrecondition},
    {Reason::kAccessTokenDead, "ACCESS_TOKEN_DEAD", StatusCode::kFailedPrecondition},
};

TEST(FailureTest, EveryReasonHasItsNameAndCode) {
  for (const Row& row : kRows) {
    EXPECT_EQ(ReasonName(row.reason), row.name);
    EXPECT_EQ(CodeOf(row.reason), row.code) << row.name;
    const absl::Status status = Failure(row.reason, "what happened");
    EXPECT_EQ(status.code(), row.code) << row.name;
    EXPECT_EQ(status.message(), "what happened") << row.name;
    EXPECT_EQ(ReasonOf(status), row.reason) << row.name;
    EXPECT_EQ(RetryAfterOf(status), std::nullopt) << row.name;
  }
}

TEST(FailureTest, EveryReasonIsInTheTable) {
  std::set<Reason> reasons;
  for (const Row& row : kRows) reasons.insert(row.reason);
  EXPECT_EQ(reasons.size(), static_cast<size_t>(Reason::kAccessTokenDead) + 1);
}

TEST(FailureTest, OtherStatusesHaveNeitherReasonNorWait) {
  for (const absl::Status& status :
       {absl::OkStatus(), absl::InternalError("x"), absl::UnavailableError("x")}) {
    EXPECT_EQ(ReasonOf(status), std::nullopt);
    EXPECT_EQ(RetryAfterOf(status), std::nullopt);
  }
}

TEST(FailureTest, WaitIsKeptToTheNanosecond) {
  const absl::Duration wait = absl::Seconds(60) + absl::Nanoseconds(1);
  EXPECT_EQ(RetryAfterOf(Failure(Reason::kUpstreamUnavailable, "x", wait)), wait);
  EXPECT_EQ(RetryAfterOf(Failure(Reason::kUpstreamUnavailable, "x", absl::ZeroDuration())),
            absl::ZeroDuration());
}

TEST(FailureTest, WithRetryAfterChangesTheWaitOnly) {
  const absl::Status before = Failure(Reason::kOverloaded, "busy", absl::Seconds(1));
  const absl::Status after = WithRetryAfter(before, absl::Seconds(2));
  EXPECT_EQ(RetryAfterOf(after), absl::Seconds(2));
  EXPECT_EQ(ReasonOf(after), Reason::kOverloaded);
  EXPECT_EQ(after.message(), "busy");
  EXPECT_EQ(RetryAfterOf(before), absl::Seconds(1));
}

}  // namespace
}  // namespace credbroker
