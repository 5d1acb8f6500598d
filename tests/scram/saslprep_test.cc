#include "service/scram/saslprep.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The password, or "refused".
std::string Password(absl::string_view text) {
  const absl::StatusOr<Secret> prepared = SaslPrepPassword(Secret::Copy(text));
  return prepared.ok() ? std::string(prepared->RevealSecret()) : "refused";
}

std::string User(absl::string_view text) {
  const absl::StatusOr<std::string> prepared = SaslPrepUser(text);
  return prepared.ok() ? *prepared : "refused";
}

struct Case {
  absl::string_view in;
  absl::string_view out;
};

constexpr absl::string_view kNul("a\0b", 3);

const Case kCases[] = {
    // RFC 4013 section 3.
    {"I\u00adX", "IX"},
    {"user", "user"},
    {"USER", "USER"},
    {"\u00aa", "a"},
    {"\u2168", "IX"},
    {"\x07", "refused"},
    {"\u06271", "refused"},
    // Section 2.1: other spaces become spaces; 2.3: DEL and private use are prohibited.
    {"a\u00a0b", "a b"},
    {"\x7f", "refused"},
    {"\ue000", "refused"},
    // What prepares to nothing, or is nothing.
    {"\u00ad", "refused"},
    {"", "refused"},
    // Printable ASCII from end to end.
    {" !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", " !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"},
    // NFKC composes.
    {"u\u0308", "\u00fc"},
    // Bidirectional text (section 2.4) must end in what it began with.
    {"\u0627\u0628", "\u0627\u0628"},
    {"\u0627b\u0628", "refused"},
    // Hangul composes too; marks are put in order; what is on both sides of a character stays.
    {"\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00"},
    {"xq\u0307\u0323x", "xq\u0323\u0307x"},
    {"\uff23\u00a0\u2168\u00ad\u4e2d", "C IX\u4e2d"},
    {"\U0001d40a", "K"},
    // A C string would end here.
    {kNul, "refused"},
    {kNul.substr(0, 2), "refused"},
    {kNul.substr(1), "refused"},
};

TEST(SaslPrepTest, PasswordsArePreparedAsTheRfcSays) {
  for (const Case& c : kCases) EXPECT_EQ(Password(c.in), c.out) << c.in;
}

TEST(SaslPrepTest, UsersArePreparedAsTheRfcSays) {
  for (const Case& c : kCases) EXPECT_EQ(User(c.in), c.out) << c.in;
}

TEST(SaslPrepTest, WhatIsNotUtf8IsRefused) {
  for (const char* text : {
           "\x80",              // a tail without a lead
           "\xc3",              // cut off
           "a\xe2\x82",         // cut off
           "\xf0\x9f\x98",      // cut off
           "\xc3(",             // no tail
           "\xc0\xaf",          // overlong
           "\xc1\xbf",          // overlong
           "\xe0\x80\xaf",      // overlong
           "\xf0\x80\x80\xaf",  // overlong
           "\xed\xa0\x80",      // surrogate
           "\xf4\x90\x80\x80",  // beyond U+10FFFF
           "\xf5\x80\x80\x80",  // no lead
           "\xff",              // no lead
       }) {
    EXPECT_EQ(Password(text), "refused");
    EXPECT_EQ(User(text), "refused");
  }
}

TEST(SaslPrepTest, UnassignedCodePointsPassInUsersOnly) {
  // U+0221 is unassigned in Unicode 3.2 (RFC 3454 appendix A.1): fine in a query string, prohibited
  // in a stored one.
  EXPECT_EQ(User("\u0221"), "\u0221");
  EXPECT_EQ(Password("\u0221"), "refused");
}

TEST(SaslPrepTest, LongestInputIsPrepared) {
  const std::string text = "\u00fc" + std::string(10'000, 'x');
  EXPECT_EQ(Password(text), text);
}

TEST(SaslPrepTest, RefusalSaysWhyAndQuotesNothing) {
  const absl::Status status = SaslPrepPassword(Secret::Copy("canary\x07")).status();
  EXPECT_EQ(ReasonOf(status), Reason::kLoginRequired);
  EXPECT_THAT(std::string(status.message()), HasSubstr("password"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("canary")));
  EXPECT_EQ(ReasonOf(SaslPrepUser("canary\xff").status()), Reason::kLoginRequired);
}

}  // namespace
}  // namespace credbroker
