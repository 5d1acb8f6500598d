#include "service/api/token_query.h"

#include <cstdint>
#include <string>
#include <vector>

#include "credbroker/v1/credential_broker.pb.h"
#include "gtest/gtest.h"

#include "service/api/field_check.h"
#include "service/api/messages.h"

namespace credbroker {
namespace {

v1::GetTokenRequest Request(const std::string& tenant, const std::string& account = "") {
  v1::GetTokenRequest request;
  request.set_tenant(tenant);
  request.set_account(account);
  return request;
}

v1::GetTokenRequest WithLifetime(int64_t seconds, int32_t nanos) {
  v1::GetTokenRequest request = Request("acme", "one");
  request.mutable_min_remaining_lifetime()->set_seconds(seconds);
  request.mutable_min_remaining_lifetime()->set_nanos(nanos);
  return request;
}

// What is read must be what protobuf reads, and pass the checks; nothing is always allowed.
void ExpectTrue(const std::string& bytes, const TokenQuery& query) {
  v1::GetTokenRequest request;
  ASSERT_TRUE(request.ParseFromString(bytes));
  EXPECT_TRUE(CheckFields(request).ok()) << CheckFields(request);
  EXPECT_EQ(query.tenant, request.tenant());
  EXPECT_EQ(query.account, request.account());
  EXPECT_EQ(query.min_remaining_lifetime, FromProto(request.min_remaining_lifetime()));
}

const std::vector<v1::GetTokenRequest>& Ordinary() {
  static const auto& requests = *new std::vector<v1::GetTokenRequest>{
      Request("acme"),
      Request("acme", "one"),
      Request(std::string(63, 'a'), std::string(63, '9')),
      WithLifetime(0, 0),
      WithLifetime(1, 0),
      WithLifetime(0, 1),
      WithLifetime(90, 500'000'000),
      WithLifetime(315'576'000'000, 999'999'999),
  };
  return requests;
}

TEST(TokenQueryTest, OrdinaryRequestsAreRead) {
  for (const v1::GetTokenRequest& request : Ordinary()) {
    const std::string bytes = request.SerializeAsString();
    const auto query = ReadTokenQuery(bytes);
    ASSERT_TRUE(query.has_value()) << request.ShortDebugString();
    ExpectTrue(bytes, *query);
  }
}

TEST(TokenQueryTest, WhatNeedsCareIsLeftToTheFullParser) {
  std::vector<std::string> careful = {
      "",
      Request("").SerializeAsString(),
      Request("", "one").SerializeAsString(),
      Request("ACME").SerializeAsString(),
      Request("acme/..").SerializeAsString(),
      Request(std::string(64, 'a')).SerializeAsString(),
      Request("acme", "someone@acme.example").SerializeAsString(),
      Request("acme", std::string(64, 'a')).SerializeAsString(),
      WithLifetime(-1, 0).SerializeAsString(),
      WithLifetime(0, -1).SerializeAsString(),
      WithLifetime(315'576'000'001, 0).SerializeAsString(),
      WithLifetime(0, 1'000'000'000).SerializeAsString(),
      WithLifetime(INT64_MAX, INT32_MAX).SerializeAsString(),
      // A field twice, one that is unknown, another order, a length of two bytes.
      Request("acme").SerializeAsString() + Request("beta").SerializeAsString(),
      Request("acme").SerializeAsString() + "\x22\x01x",
      std::string("\x12\x03one\x0a\x04"
                  "acme"),
      std::string("\x0a\x84\x00"
                  "acme",
                  7),
  };
  for (const std::string& bytes : careful) {
    EXPECT_FALSE(ReadTokenQuery(bytes).has_value()) << testing::PrintToString(bytes);
  }
}

TEST(TokenQueryTest, EveryTruncationAndFlippedBitIsReadAsProtobufReadsIt) {
  for (const v1::GetTokenRequest& request : Ordinary()) {
    const std::string bytes = request.SerializeAsString();
    for (size_t length = 0; length < bytes.size(); ++length) {
      const std::string shorter = bytes.substr(0, length);
      if (const auto query = ReadTokenQuery(shorter)) ExpectTrue(shorter, *query);
    }
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      if (const auto query = ReadTokenQuery(flipped)) ExpectTrue(flipped, *query);
    }
  }
}

// Short ones in full: every way in which tags and lengths can disagree.
TEST(TokenQueryTest, EveryShortTextIsReadAsProtobufReadsIt) {
  const std::string kBytes(
      "\x00\x01\x02\x04\x08\x0a\x10\x12\x1a\x7f\x80\xff"
      "a",
      13);
  std::vector<std::string> texts = {""};
  for (size_t i = 0; i < texts.size(); ++i) {
    if (const auto query = ReadTokenQuery(texts[i])) ExpectTrue(texts[i], *query);
    if (texts[i].size() == 5) continue;
    for (const char c : kBytes) texts.push_back(texts[i] + c);
  }
}

}  // namespace
}  // namespace credbroker
