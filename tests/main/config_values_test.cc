#include "service/main/config_values.h"

#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(ConfigValues, WholeNumbersAreDecimalDigits) {
  EXPECT_EQ(ParseWholeNumber("0"), 0u);
  EXPECT_EQ(ParseWholeNumber("4096"), 4096u);
  EXPECT_EQ(ParseWholeNumber("18446744073709551615"), 18446744073709551615u);
  for (const char* wrong : {"", "010", "00", "0x10", "0o17", "1e3", "+1", "-1", "1.0", " 1", "1 ",
                            "1_000", "18446744073709551616"}) {
    EXPECT_FALSE(ParseWholeNumber(wrong)) << wrong;
  }
}

TEST(ConfigValues, DecimalNumbersAreDigitsAndAPoint) {
  EXPECT_EQ(ParseDecimalNumber("0.8"), 0.8);
  EXPECT_EQ(ParseDecimalNumber("1"), 1.0);
  for (const char* wrong :
       {"", ".8", "0.", "00.8", "-0.8", "8e-1", "0.8.1", "nan", "inf", "0x1.8"}) {
    EXPECT_FALSE(ParseDecimalNumber(wrong)) << wrong;
  }
}

TEST(ConfigValues, DurationsHaveUnits) {
  EXPECT_EQ(ParseDuration("0s"), absl::ZeroDuration());
  EXPECT_EQ(ParseDuration("30s"), absl::Seconds(30));
  EXPECT_EQ(ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseDuration("1.5h"), absl::Minutes(90));
  for (const char* wrong : {"", "0", "30", "-5s", "+5s", "5", "s", "5x", "5 s", " 5s", "inf", "5S",
                            "1d", "5s5", "1e3s", "99999999999999999999h"}) {
    EXPECT_FALSE(ParseDuration(wrong)) << wrong;
  }
}

TEST(ConfigValues, NumbersAndBooleansAreNotText) {
  for (const char* other : {"", "~", "null", "true", "False", "0", "-1", "+12", "010", "0x1F",
                            "0o17", "1.5", "1.", ".5", "1e3", "1.5E-3", ".inf", "-.inf", ".nan"}) {
    EXPECT_TRUE(MeansOtherThanText(other)) << other;
  }
  for (const char* text : {"acme", "yes", "1a", "1e", "1.2.3", "127.0.0.1:80", "0x", "0xg", "0o8",
                           ".", "-", "+", "nullable", "trUe", "1-2", ".e1", "-.nan"}) {
    EXPECT_FALSE(MeansOtherThanText(text)) << text;
  }
}

TEST(ConfigValues, HttpTokens) {
  EXPECT_TRUE(IsHttpToken("Session"));
  EXPECT_TRUE(IsHttpToken("X-Session_1"));
  for (const char* wrong : {"", "a b", "a:", "a\r\nb", "(a)", "\xc3\xa4"}) {
    EXPECT_FALSE(IsHttpToken(wrong)) << wrong;
  }
}

TEST(ConfigValues, PrintableAscii) {
  EXPECT_TRUE(IsPrintableAscii("Cms 2~"));
  for (const char* wrong : {"", " a", "a ", "a\r", "a\nb", "a\tb", "\x7f", "\xc3\xa4"}) {
    EXPECT_FALSE(IsPrintableAscii(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace credbroker
