#include "service/upstream/response_headers.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

using Headers = std::initializer_list<std::pair<std::string, std::string>>;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);  // Tue, 14 Nov 2023 22:13:20 GMT

HttpResponse With(Headers headers) {
  HttpResponse response;
  for (const auto& [name, value] : headers) {
    response.headers.push_back({name, Secret::Copy(value)});
  }
  return response;
}

// The token, or "" if there is none that can be used.
std::string Token(Headers headers, absl::string_view session_header = "Session") {
  const absl::StatusOr<Secret> token = AccessToken(With(headers), session_header);
  if (token.ok()) return std::string(token->RevealSecret());
  EXPECT_EQ(ReasonOf(token.status()), Reason::kUpstreamMalformed);
  return "";
}

TEST(AccessTokenTest, IsFoundWithoutRegardToCase) {
  EXPECT_EQ(Token({{"X", "1"}, {"sEsSiOn", "jwt"}}), "jwt");
  EXPECT_EQ(Token({{"x-token", "jwt"}}, "X-Token"), "jwt");
}

TEST(AccessTokenTest, MayBeABearerToken) {
  EXPECT_EQ(Token({{"authorization", "bearer jwt"}}), "jwt");
  EXPECT_EQ(Token({{"Authorization", "Basic jwt"}}), "");
  EXPECT_EQ(Token({{"Authorization", "Bearer jwt"}}, "Authorization"), "jwt");
  EXPECT_EQ(Token({{"Authorization", "jwt"}}, "Authorization"), "jwt");
}

TEST(AccessTokenTest, Row9MissingOrTwiceIsMalformed) {
  EXPECT_EQ(Token({}), "");
  EXPECT_EQ(Token({{"Session", ""}}), "");
  EXPECT_EQ(Token({{"Session", "jwt"}, {"Session", "jwt"}}), "");
  EXPECT_EQ(Token({{"Session", "jwt"}, {"Authorization", "Bearer jwt"}}), "");
}

TEST(AccessTokenTest, Row9TokenOf8KiBIsAcceptedAndOneByteMoreIsNot) {
  EXPECT_EQ(Token({{"Session", std::string(8192, 'a')}}).size(), 8192U);
  EXPECT_EQ(Token({{"Session", std::string(8193, 'a')}}), "");
}

TEST(AccessTokenTest, Row9UnprintableIsMalformed) {
  for (const char* value : {"a b", "a\tb", "a\x7f", "a\xc3\xa4", "a\x01"}) {
    EXPECT_EQ(Token({{"Session", value}}), "") << value;
  }
}

TEST(ServerDateTest, ReadsTheOneForm) {
  EXPECT_EQ(ServerDate(With({{"date", "Tue, 14 Nov 2023 22:13:20 GMT"}})), kNow);
  EXPECT_FALSE(ServerDate(With({})).has_value());
  EXPECT_FALSE(ServerDate(With({{"Date", "yesterday"}})).has_value());
  EXPECT_FALSE(ServerDate(With({{"Date", "Tue, 14 Nov 2023 22:13:20 GMT"},
                                {"Date", "Tue, 14 Nov 2023 22:13:20 GMT"}}))
                   .has_value());
}

TEST(RetryAfterTest, Row5Seconds) {
  EXPECT_EQ(RetryAfter(With({{"Retry-After", "120"}}), kNow), absl::Minutes(2));
}

TEST(RetryAfterTest, Row5DateCountsFromTheServersClock) {
  EXPECT_EQ(RetryAfter(With({{"Date", "Tue, 14 Nov 2023 22:00:00 GMT"},
                             {"Retry-After", "Tue, 14 Nov 2023 22:00:30 GMT"}}),
                       kNow),
            absl::Seconds(30));
}

TEST(RetryAfterTest, Row5DateWithoutServersClockCountsFromOurs) {
  EXPECT_EQ(RetryAfter(With({{"Retry-After", "Tue, 14 Nov 2023 22:13:25 GMT"}}), kNow),
            absl::Seconds(5));
}

TEST(RetryAfterTest, Row5IsCappedAtFiveMinutes) {
  for (const char* value :
       {"300", "301", "18446744073709551615", "Fri, 31 Dec 2100 00:00:00 GMT"}) {
    EXPECT_EQ(RetryAfter(With({{"Retry-After", value}}), kNow), absl::Minutes(5)) << value;
  }
}

TEST(RetryAfterTest, WhatIsNoWaitIsNothing) {
  for (const char* value : {"0", "-5", "soon", "1.5", "", "Tue, 14 Nov 2023 22:13:20 GMT"}) {
    EXPECT_FALSE(RetryAfter(With({{"Retry-After", value}}), kNow).has_value()) << value;
  }
  EXPECT_FALSE(RetryAfter(With({}), kNow).has_value());
}

}  // namespace
}  // namespace credbroker
