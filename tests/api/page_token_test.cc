#include "service/api/page_token.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

const std::vector<AccountKey>& Keys() {
  static const auto& keys = *new std::vector<AccountKey>{
      {"acme", "one"},
      {"a", "b"},
      {std::string(63, 't'), std::string(63, 'a')},
      {"acme", "someone@acme.example"},
      {"acme", std::string(242, 'x') + "@example.org"},
  };
  return keys;
}

bool IsRefused(const std::string& token, const std::string& tenant) {
  const auto key = DecodePageToken(token, tenant);
  return !key.ok() && ReasonOf(key.status()) == Reason::kInvalidField;
}

TEST(PageTokenTest, WhatIsEncodedIsDecoded) {
  for (const AccountKey& key : Keys()) {
    for (const std::string& tenant : {std::string(), key.tenant}) {
      const auto decoded = DecodePageToken(EncodePageToken(key, tenant), tenant);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_TRUE(*decoded == key);
    }
  }
}

TEST(PageTokenTest, NoTokenIsTheFirstPage) {
  for (const char* tenant : {"", "acme"}) {
    const auto decoded = DecodePageToken("", tenant);
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(*decoded == AccountKey{});
  }
}

TEST(PageTokenTest, ATokenIsForTheTenantThatItWasMadeForOnly) {
  const AccountKey key = {"acme", "one"};
  EXPECT_TRUE(IsRefused(EncodePageToken(key, "acme"), "beta"));
  EXPECT_TRUE(IsRefused(EncodePageToken(key, "acme"), ""));
  EXPECT_TRUE(IsRefused(EncodePageToken(key, ""), "acme"));
  EXPECT_TRUE(IsRefused(EncodePageToken(key, "beta"), "beta")) << "an account of another tenant";
}

TEST(PageTokenTest, EveryTruncationIsRefusedOrNamesAnAccount) {
  for (const AccountKey& key : Keys()) {
    const std::string token = EncodePageToken(key, "");
    for (size_t length = 1; length < token.size(); ++length) {
      const std::string shorter = token.substr(0, length);
      if (IsRefused(shorter, "")) continue;
      const auto decoded = DecodePageToken(shorter, "");
      EXPECT_EQ(decoded->tenant, key.tenant);
      EXPECT_TRUE(IsName(decoded->account) || IsEmailAddress(decoded->account));
      EXPECT_EQ(EncodePageToken(*decoded, ""), shorter);
    }
  }
}

TEST(PageTokenTest, EveryFlippedBitIsRefusedOrNamesAnotherAccount) {
  for (const AccountKey& key : Keys()) {
    const std::string token = EncodePageToken(key, "");
    for (size_t bit = 0; bit < 8 * token.size(); ++bit) {
      std::string flipped = token;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      if (IsRefused(flipped, "")) continue;
      const auto decoded = DecodePageToken(flipped, "");
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_FALSE(*decoded == key);
      EXPECT_TRUE(IsName(decoded->tenant));
      EXPECT_TRUE(IsName(decoded->account) || IsEmailAddress(decoded->account));
      EXPECT_EQ(EncodePageToken(*decoded, ""), flipped);
    }
  }
}

TEST(PageTokenTest, WhatIsNoTokenIsRefused) {
  using std::string_literals::operator""s;
  for (const std::string& bytes :
       {"acme"s, "acme\0one"s, "\0acme\0one\0"s, "\0\0"s, "\0acme\0"s, "\0\0one"s, "\0ACME\0one"s,
        "\0acme\0../one"s, "\0acme\0one@"s, "\0acme\0a@b c"s}) {
    EXPECT_TRUE(IsRefused(Base64Encode(bytes), "")) << bytes;
  }
  for (const std::string& token : {"?"s, "YQ"s, "YQ= ="s, std::string(1025, 'A')}) {
    EXPECT_TRUE(IsRefused(token, "")) << token;
  }
}

}  // namespace
}  // namespace credbroker
