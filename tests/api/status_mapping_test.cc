#include "service/api/status_mapping.h"

#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"
#include "tests/api/remote_call.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

const CallNames kNames = {"acme", "one", "spiffe://example.org/caller"};

struct Row {
  Reason reason;
  grpc::StatusCode code;
  const char* name;
  bool has_retry_delay;
};

// The contract's table.
const std::vector<Row>& Rows() {
  static const auto& rows = *new std::vector<Row>{
      {Reason::kTenantUnknown, grpc::NOT_FOUND, "TENANT_UNKNOWN", false},
      {Reason::kAccountUnknown, grpc::NOT_FOUND, "ACCOUNT_UNKNOWN", false},
      {Reason::kInvalidField, grpc::INVALID_ARGUMENT, "INVALID_FIELD", false},
      {Reason::kCallerUnidentified, grpc::UNAUTHENTICATED, "CALLER_UNIDENTIFIED", false},
      {Reason::kCallerNotAllowed, grpc::PERMISSION_DENIED, "CALLER_NOT_ALLOWED", false},
      {Reason::kCredentialRejected, grpc::FAILED_PRECONDITION, "CREDENTIAL_REJECTED", false},
      {Reason::kAccountForbidden, grpc::FAILED_PRECONDITION, "ACCOUNT_FORBIDDEN", false},
      {Reason::kCredentialHeldBack, grpc::FAILED_PRECONDITION, "CREDENTIAL_HELD_BACK", true},
      {Reason::kUpstreamUntrusted, grpc::INTERNAL, "UPSTREAM_UNTRUSTED", false},
      {Reason::kUpstreamUnavailable, grpc::UNAVAILABLE, "UPSTREAM_UNAVAILABLE", true},
      {Reason::kUpstreamMalformed, grpc::UNAVAILABLE, "UPSTREAM_MALFORMED", true},
      {Reason::kLoginRequired, grpc::FAILED_PRECONDITION, "LOGIN_REQUIRED", false},
      {Reason::kStoreUnavailable, grpc::UNAVAILABLE, "STORE_UNAVAILABLE", true},
      {Reason::kLifetimeUnattainable, grpc::OUT_OF_RANGE, "LIFETIME_UNATTAINABLE", false},
      {Reason::kDraining, grpc::UNAVAILABLE, "DRAINING", true},
      {Reason::kOverloaded, grpc::RESOURCE_EXHAUSTED, "OVERLOADED", true},
      {Reason::kAuditUnavailable, grpc::UNAVAILABLE, "AUDIT_UNAVAILABLE", true},
  };
  return rows;
}

TEST(StatusMappingTest, EveryReasonIsToldAsTheContractSays) {
  for (const Row& row : Rows()) {
    const Refusal refusal = RefusalIn(ToGrpcStatus(Failure(row.reason, "what happened"), kNames));
    EXPECT_EQ(refusal.code, row.code) << row.name;
    EXPECT_EQ(refusal.message, "what happened") << row.name;
    EXPECT_EQ(refusal.reason, row.name);
    EXPECT_EQ(refusal.domain, "credbroker") << row.name;
    EXPECT_EQ(refusal.retry_delay.has_value(), row.has_retry_delay) << row.name;
    EXPECT_EQ(refusal.metadata.at("tenant"), "acme") << row.name;
    EXPECT_EQ(refusal.metadata.at("account"), "one") << row.name;
    EXPECT_EQ(refusal.metadata.size(), row.reason == Reason::kCallerNotAllowed ? 3 : 2) << row.name;
  }
}

TEST(StatusMappingTest, OnlyWhoIsNotAllowedIsToldWhoItIs) {
  const auto refusal = RefusalIn(ToGrpcStatus(Failure(Reason::kCallerNotAllowed, ""), kNames));
  EXPECT_EQ(refusal.metadata.at("principal"), "spiffe://example.org/caller");
}

TEST(StatusMappingTest, TheWaitIsToldToTheNanosecond) {
  for (const absl::Duration wait : {absl::ZeroDuration(), absl::Nanoseconds(1),
                                    absl::Seconds(90) + absl::Nanoseconds(7), absl::Hours(6)}) {
    const auto failure = Failure(Reason::kCredentialHeldBack, "held", wait);
    EXPECT_EQ(RefusalIn(ToGrpcStatus(failure, kNames)).retry_delay, wait);
  }
}

TEST(StatusMappingTest, AWaitInThePastIsNone) {
  const auto failure = Failure(Reason::kCredentialHeldBack, "held", -absl::Seconds(3));
  EXPECT_EQ(RefusalIn(ToGrpcStatus(failure, kNames)).retry_delay, absl::ZeroDuration());
}

TEST(StatusMappingTest, AWaitIsToldEvenWhereTheContractDoesNotAskForIt) {
  const auto failure = Failure(Reason::kUpstreamUntrusted, "odd", absl::Seconds(4));
  EXPECT_EQ(RefusalIn(ToGrpcStatus(failure, kNames)).retry_delay, absl::Seconds(4));
}

TEST(StatusMappingTest, NamesThatWereNotSentAreLeftOut) {
  const auto failure = Failure(Reason::kCallerNotAllowed, "no");
  EXPECT_THAT(RefusalIn(ToGrpcStatus(failure, {})).metadata, IsEmpty());
  EXPECT_THAT(RefusalIn(ToGrpcStatus(failure, {"acme", "", ""})).metadata,
              ElementsAre(Pair("tenant", "acme")));
}

TEST(StatusMappingTest, NamesOver254BytesAreLeftOut) {
  const auto failure = Failure(Reason::kInvalidField, "long");
  const CallNames names = {std::string(255, 'a'), std::string(254, 'b'), ""};
  EXPECT_THAT(RefusalIn(ToGrpcStatus(failure, names)).metadata,
              ElementsAre(Pair("account", std::string(254, 'b'))));
}

TEST(StatusMappingTest, DeadlinesAndCancellationsHaveNoDetails) {
  for (const absl::Status& status :
       {absl::DeadlineExceededError("too late"), absl::CancelledError("gone")}) {
    const grpc::Status mapped = ToGrpcStatus(status, kNames);
    EXPECT_EQ(static_cast<int>(mapped.error_code()), static_cast<int>(status.code()));
    EXPECT_EQ(mapped.error_message(), std::string(status.message()));
    EXPECT_THAT(mapped.error_details(), IsEmpty());
  }
}

TEST(StatusMappingTest, WhatNoCallerShouldSeeLosesItsMessage) {
  for (const absl::Status& status :
       {absl::UnknownError("canary"), absl::InternalError("canary"),
        absl::InvalidArgumentError("canary"), absl::UnavailableError("canary"),
        Failure(Reason::kRefreshTokenDead, "canary"),
        Failure(Reason::kAccessTokenDead, "canary")}) {
    const grpc::Status mapped = ToGrpcStatus(status, kNames);
    EXPECT_EQ(mapped.error_code(), grpc::INTERNAL) << status;
    EXPECT_THAT(mapped.error_message(), Not(HasSubstr("canary")));
    EXPECT_THAT(mapped.error_details(), IsEmpty());
  }
}

TEST(StatusMappingTest, OkIsOk) { EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), kNames).ok()); }

}  // namespace
}  // namespace credbroker
