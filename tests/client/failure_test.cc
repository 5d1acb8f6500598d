#include "client/cli/failure.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FailureTest, EveryCodeHasItsName) {
  const std::vector<std::pair<grpc::StatusCode, std::string>> table = {
      {grpc::StatusCode::OK, "OK"},
      {grpc::StatusCode::CANCELLED, "CANCELLED"},
      {grpc::StatusCode::UNKNOWN, "UNKNOWN"},
      {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
      {grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
      {grpc::StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS"},
      {grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
      {grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"},
      {grpc::StatusCode::ABORTED, "ABORTED"},
      {grpc::StatusCode::OUT_OF_RANGE, "OUT_OF_RANGE"},
      {grpc::StatusCode::UNIMPLEMENTED, "UNIMPLEMENTED"},
      {grpc::StatusCode::INTERNAL, "INTERNAL"},
      {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
      {grpc::StatusCode::DATA_LOSS, "DATA_LOSS"},
      {grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"},
      {static_cast<grpc::StatusCode>(31), "CODE_31"},
      {static_cast<grpc::StatusCode>(-1), "CODE_-1"},
  };
  for (const auto& [code, name] : table) EXPECT_EQ(CodeName(code), name);
}

TEST(FailureTest, CodeReasonTextAndRetryAreInOneLine) {
  EXPECT_EQ(DescribeFailure(BrokerFailure(grpc::StatusCode::FAILED_PRECONDITION, "spared for now",
                                          "CREDENTIAL_HELD_BACK", absl::Seconds(12)),
                            "broker:1"),
            "FAILED_PRECONDITION: CREDENTIAL_HELD_BACK: spared for now; retry in 12s");
}

TEST(FailureTest, RetryIsRoundedUpAndLeftOutIfThereIsNone) {
  const auto text = [](absl::Duration delay) {
    return DescribeFailure(BrokerFailure(grpc::StatusCode::UNAVAILABLE, "t", "R", delay), "b:1");
  };
  EXPECT_EQ(text(absl::Milliseconds(250)), "UNAVAILABLE: R: t; retry in 250ms");
  EXPECT_EQ(text(absl::Microseconds(1)), "UNAVAILABLE: R: t; retry in 1ms");
  EXPECT_EQ(text(absl::Milliseconds(1001)), "UNAVAILABLE: R: t; retry in 2s");
  EXPECT_EQ(text(absl::Minutes(30)), "UNAVAILABLE: R: t; retry in 30m");
  EXPECT_EQ(text(absl::ZeroDuration()), "UNAVAILABLE: R: t");
  EXPECT_EQ(text(absl::Seconds(-5)), "UNAVAILABLE: R: t");
}

TEST(FailureTest, WithoutReasonTheAddressIsNamed) {
  EXPECT_EQ(DescribeFailure(grpc::Status(grpc::StatusCode::UNAVAILABLE, "refused"), "broker:1"),
            "UNAVAILABLE: refused (broker at broker:1)");
}

TEST(FailureTest, DetailsThatCannotBeDecodedAreLeftOut) {
  EXPECT_EQ(DescribeFailure(grpc::Status(grpc::StatusCode::INTERNAL, "text", "\xff\xff"), "b:1"),
            "INTERNAL: text (broker at b:1)");
}

TEST(FailureTest, TheCallersOwnNameIsShown) {
  EXPECT_EQ(DescribeFailure(BrokerFailure(grpc::StatusCode::PERMISSION_DENIED, "not allowed",
                                          "CALLER_NOT_ALLOWED", absl::ZeroDuration(), "cn:me"),
                            "b:1"),
            "PERMISSION_DENIED: CALLER_NOT_ALLOWED: not allowed (you are cn:me)");
}

TEST(FailureTest, WhatThePeerWroteCannotReachTheTerminal) {
  const std::string text = DescribeFailure(BrokerFailure(grpc::StatusCode::INTERNAL, "a\x1b[2J\nb",
                                                         "R\x07", absl::ZeroDuration(), "cn:\x1b"),
                                           "b:1");
  EXPECT_EQ(text, "INTERNAL: R\\x07: a\\x1b[2J\\x0ab (you are cn:\\x1b)");
}

TEST(FailureTest, AMissingTlsIsSuspected) {
  EXPECT_THAT(
      DescribeFailure(grpc::Status(grpc::StatusCode::UNAVAILABLE, "WRONG_VERSION_NUMBER"), "b:1"),
      HasSubstr("--plaintext"));
  EXPECT_THAT(DescribeFailure(grpc::Status(grpc::StatusCode::UNAVAILABLE, "refused"), "b:1"),
              Not(HasSubstr("--plaintext")));
}

}  // namespace
}  // namespace credbroker
