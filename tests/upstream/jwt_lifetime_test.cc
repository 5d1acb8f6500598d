#include "service/upstream/jwt_lifetime.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

const absl::Time kSent = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kDefault = absl::Minutes(5);

std::string Token(absl::string_view claims) {
  return absl::StrCat("e30.", absl::WebSafeBase64Escape(claims), ".c2ln");
}

absl::StatusOr<absl::Duration> Lifetime(absl::string_view claims) {
  return JwtLifetime(Token(claims), kSent, kDefault);
}

TEST(JwtLifetimeTest, IsExpMinusIatWhateverOurClockSays) {
  EXPECT_EQ(*Lifetime(R"({"iat":1000,"exp":1600})"), absl::Seconds(600));
}

TEST(JwtLifetimeTest, ClaimsMayBeFloats) {
  EXPECT_EQ(*Lifetime(R"({"iat":1000.25,"exp":1600.75})"), absl::Seconds(600.5));
}

TEST(JwtLifetimeTest, ExpAloneCountsFromWhenTheRequestWasSent) {
  EXPECT_EQ(*Lifetime(R"({"exp":1700000090})"), absl::Seconds(90));
}

TEST(JwtLifetimeTest, Row10ExpAloneInThePastIsMalformed) {
  EXPECT_EQ(ReasonOf(Lifetime(R"({"exp":1699999999})").status()), Reason::kUpstreamMalformed);
}

TEST(JwtLifetimeTest, Row10ExpAloneExactlyNowIsMalformed) {
  EXPECT_EQ(ReasonOf(Lifetime(R"({"exp":1700000000})").status()), Reason::kUpstreamMalformed);
}

TEST(JwtLifetimeTest, Row10ExpNotAfterIatIsMalformed) {
  EXPECT_EQ(ReasonOf(Lifetime(R"({"iat":1000,"exp":1000})").status()), Reason::kUpstreamMalformed);
  EXPECT_EQ(ReasonOf(Lifetime(R"({"iat":1000,"exp":999.5})").status()), Reason::kUpstreamMalformed);
}

TEST(JwtLifetimeTest, Row10AbsurdlyLongLifetimesAreCappedAtADay) {
  EXPECT_EQ(*Lifetime(R"({"iat":0,"exp":86400})"), absl::Hours(24));
  EXPECT_EQ(*Lifetime(R"({"iat":0,"exp":86401})"), absl::Hours(24));
  EXPECT_EQ(*Lifetime(R"({"iat":0,"exp":1e300})"), absl::Hours(24));
  EXPECT_EQ(*Lifetime(R"({"iat":-1e300,"exp":1e300})"), absl::Hours(24));
}

TEST(JwtLifetimeTest, WithoutReadableClaimsItIsTheDefault) {
  for (const std::string& token :
       {std::string("opaque"), std::string("a.b"), std::string("a.b.c.d"), std::string("e30.%.c"),
        Token("[]"), Token("{"), Token("{}"), Token(R"({"iat":1000})"), Token(R"({"exp":"1600"})"),
        Token(R"({"exp":null})"), Token(R"({"exp":1,"exp":2})")}) {
    const auto lifetime = JwtLifetime(token, kSent, kDefault);
    ASSERT_TRUE(lifetime.ok()) << token;
    EXPECT_EQ(*lifetime, kDefault) << token;
  }
}

}  // namespace
}  // namespace credbroker
