#include "tests/sandbox/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace credbroker::sandbox {
namespace {

using nlohmann::json;

TEST(ParseFaultTest, TakesEveryMember) {
  const auto fault = ParseFault(json::parse(R"({
      "times": 2, "account": "a@example.com", "latency_ms": 5, "status": 503, "retry_after": 7,
      "redirect": "http://127.0.0.1:1/", "nonce": "comma", "salt": "unpadded",
      "iteration_count": "4096", "expires_in": -1.5, "signature": "flipped",
      "token_header": "twice", "token": "no-exp", "body": "deep", "connection": "drip",
      "drip_ms": 3, "date": -60})"));
  ASSERT_TRUE(fault.ok()) << fault.status();
  EXPECT_EQ(fault->times, 2);
  EXPECT_EQ(fault->account, "a@example.com");
  EXPECT_EQ(fault->latency, absl::Milliseconds(5));
  EXPECT_EQ(fault->status, 503);
  EXPECT_EQ(fault->retry_after, "7");
  EXPECT_EQ(fault->redirect, "http://127.0.0.1:1/");
  EXPECT_EQ(fault->nonce, "comma");
  EXPECT_EQ(fault->salt, "unpadded");
  EXPECT_EQ(fault->iteration_count, json("4096"));
  EXPECT_EQ(fault->expires_in, -1.5);
  EXPECT_EQ(fault->signature, "flipped");
  EXPECT_EQ(fault->token_header, "twice");
  EXPECT_EQ(fault->token, "no-exp");
  EXPECT_EQ(fault->body, "deep");
  EXPECT_EQ(fault->connection, "drip");
  EXPECT_EQ(fault->drip, absl::Milliseconds(3));
  EXPECT_EQ(fault->date_offset, absl::Seconds(-60));
  EXPECT_FALSE(fault->date_missing);
}

TEST(ParseFaultTest, RefusesWhatATestMayHaveMistyped) {
  for (const char* text :
       {R"({"tims": 1})", R"({"times": 0})", R"({"times": 1.5})", R"({"times": "1"})",
        R"({"status": 199})", R"({"status": 600})", R"({"latency_ms": -1})",
        R"({"nonce": "commas"})", R"({"nonce": ""})", R"({"salt": 1})", R"({"redirect": ""})",
        R"({"redirect": "a\r\nb"})", R"({"retry_after": null})", R"({"date": "gone"})",
        R"({"expires_in": "1"})", R"([])", R"(1)"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseFault(json::parse(text)).status())) << text;
  }
}

TEST(ParseFaultTest, OnlySomeMembersKeepACallFromBeingProcessed) {
  EXPECT_TRUE(ParseFault({{"status", 503}})->Unprocessed());
  EXPECT_TRUE(ParseFault({{"redirect", "/x"}})->Unprocessed());
  EXPECT_TRUE(ParseFault({{"connection", "close-unprocessed"}})->Unprocessed());
  EXPECT_FALSE(ParseFault({{"connection", "close"}})->Unprocessed());
  EXPECT_FALSE(ParseFault({{"body", "empty"}, {"latency_ms", 1}})->Unprocessed());
}

class FaultsTest : public testing::Test {
 protected:
  absl::StatusOr<size_t> Replace(const char* text) { return faults_.Replace(json::parse(text)); }
  int StatusOf(Call call, absl::string_view account = "") {
    const auto fault = faults_.Take(call, account);
    return fault ? fault->status.value_or(-1) : 0;
  }

  Faults faults_;
};

TEST_F(FaultsTest, NoneAreArmedAtFirst) { EXPECT_EQ(StatusOf(Call::kAuth), 0); }

TEST_F(FaultsTest, AFaultIsForItsCallOnly) {
  EXPECT_EQ(*Replace(R"({"login": {"status": 503}})"), 1);
  EXPECT_EQ(StatusOf(Call::kAuth), 0);
  EXPECT_EQ(StatusOf(Call::kLogin), 503);
  EXPECT_EQ(StatusOf(Call::kLogin), 503);
}

TEST_F(FaultsTest, TimesCountsDownAndTheNextOfTheListFollows) {
  EXPECT_EQ(*Replace(R"({"session": [{"status": 500, "times": 2}, {"status": 501, "times": 1}],
                         "all": {"status": 502}})"),
            3);
  EXPECT_EQ(StatusOf(Call::kSession), 500);
  EXPECT_EQ(faults_.ToJson()["session"][0]["times"], 1);
  EXPECT_EQ(StatusOf(Call::kSession), 500);
  EXPECT_EQ(StatusOf(Call::kSession), 501);
  EXPECT_EQ(StatusOf(Call::kSession), 502);
  EXPECT_EQ(StatusOf(Call::kLogout), 502);
  EXPECT_EQ(faults_.ToJson(), json::parse(R"({"all": [{"status": 502}]})"));
}

TEST_F(FaultsTest, AFaultMayBeForOneAccount) {
  ASSERT_TRUE(Replace(R"({"auth": {"status": 503, "account": "a@x", "times": 1}})").ok());
  EXPECT_EQ(StatusOf(Call::kAuth, "b@x"), 0);
  EXPECT_EQ(StatusOf(Call::kAuth, "a@x"), 503);
  EXPECT_EQ(StatusOf(Call::kAuth, "a@x"), 0);
}

TEST_F(FaultsTest, WhatIsNotUnderstoodLeavesTheOldOnes) {
  ASSERT_TRUE(Replace(R"({"auth": {"status": 503}})").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Replace(R"({"auht": {}})").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Replace(R"({"auth": {"statos": 1}})").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Replace(R"([])").status()));
  EXPECT_EQ(StatusOf(Call::kAuth), 503);
}

TEST_F(FaultsTest, ClearDisarms) {
  ASSERT_TRUE(Replace(R"({"all": {"status": 503}})").ok());
  faults_.Clear();
  EXPECT_EQ(StatusOf(Call::kAuth), 0);
  EXPECT_EQ(faults_.ToJson(), json::object());
}

}  // namespace
}  // namespace credbroker::sandbox
