#include "service/base/json.h"

#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

bool Parses(absl::string_view text) { return ParseUntrustedJson(text).ok(); }

std::string Nested(size_t levels, const char* open, const char* close) {
  std::string text;
  for (size_t i = 0; i < levels; ++i) text += open;
  text += "1";
  for (size_t i = 0; i < levels; ++i) text += close;
  return text;
}

TEST(ParseUntrustedJsonTest, Row18SixteenLevelsPassAndSeventeenAreRefused) {
  EXPECT_TRUE(Parses(Nested(16, "[", "]")));
  EXPECT_FALSE(Parses(Nested(17, "[", "]")));
  EXPECT_TRUE(Parses(Nested(16, "{\"a\":", "}")));
  EXPECT_FALSE(Parses(Nested(17, "{\"a\":", "}")));
  EXPECT_TRUE(Parses(Nested(8, "[{\"a\":", "}]")));
  EXPECT_FALSE(Parses(Nested(9, "[{\"a\":", "}]")));
}

TEST(ParseUntrustedJsonTest, Row18BreadthIsNotDepth) {
  EXPECT_TRUE(Parses("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"));
}

TEST(ParseUntrustedJsonTest, Row18HundredThousandLevelsAreRefusedNotCrashed) {
  EXPECT_FALSE(Parses(std::string(100'000, '[')));
  EXPECT_FALSE(Parses(Nested(100'000, "[", "]")));
}

TEST(ParseUntrustedJsonTest, Row18DuplicateNamesAreRefused) {
  EXPECT_FALSE(Parses(R"({"a":1,"a":1})"));
  EXPECT_FALSE(Parses(R"({"a":1,"\u0061":2})"));
  EXPECT_FALSE(Parses(R"([{"b":{"a":1,"c":[],"a":2}}])"));
  // The same name in different objects is fine.
  EXPECT_TRUE(Parses(R"({"a":{"a":1},"b":{"a":[{"a":1},{"a":2}]}})"));
}

TEST(ParseUntrustedJsonTest, Row18BytesThatAreNotUtf8AreRefused) {
  for (const char* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xe2\x82\"",
                           "{\"\xff\":1}", R"("\ud800")", "\"\xf4\x90\x80\x80\""}) {
    EXPECT_FALSE(Parses(text)) << text;
  }
  EXPECT_TRUE(Parses("\"\u00fc\U0001f600\""));
}

TEST(ParseUntrustedJsonTest, AnythingAfterTheValueIsRefused) {
  for (const char* text : {"{}x", "{}{}", "1 2", "[],", "{}\x01"}) EXPECT_FALSE(Parses(text));
  // The parser by itself takes NUL for the end.
  EXPECT_FALSE(Parses(absl::string_view("{}\0", 3)));
  EXPECT_FALSE(Parses(absl::string_view("{}\0x", 4)));
  EXPECT_TRUE(Parses(" {} \r\n\t"));
}

TEST(ParseUntrustedJsonTest, WhatIsNotJsonIsRefused) {
  for (const char* text :
       {"",   " ",  "{",   "nul",      "'a'",   "{a:1}",  "[1,]",     "{\"a\":1,}", "01", "+1",
        ".5", "1.", "NaN", "Infinity", "1e999", "/* */1", "\"a\nb\"", "\"\\x\"",    "[1", "\"a"}) {
    EXPECT_FALSE(Parses(text)) << text;
  }
  EXPECT_FALSE(Parses(absl::string_view()));
}

TEST(ParseUntrustedJsonTest, Row18RefusalQuotesNothing) {
  for (const char* text : {"canary", "{\"canary\":1,\"canary\":2}", "\"canary", "[\"canary\" 1]"}) {
    const absl::Status status = ParseUntrustedJson(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), Not(HasSubstr("canary")));
  }
}

TEST(ParseUntrustedJsonTest, ReturnsTheValue) {
  const absl::StatusOr<Json> value = ParseUntrustedJson(R"({"a":[1,"b",null]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->dump(), R"({"a":[1,"b",null]})");
}

TEST(StringMemberTest, OnlyAStringOfThatNameCounts) {
  const Json object = Json::parse(R"({"s":"text","n":1,"z":null,"o":{"s":"x"},"e":""})");
  EXPECT_EQ(StringMember(object, "s"), "text");
  EXPECT_EQ(StringMember(object, "e"), "");
  for (const char* name : {"n", "z", "o", "S", "absent", ""}) {
    EXPECT_EQ(StringMember(object, name), std::nullopt) << name;
  }
  EXPECT_EQ(StringMember(Json::parse("[\"s\"]"), "s"), std::nullopt);
  EXPECT_EQ(StringMember(Json(), "s"), std::nullopt);
}

std::optional<uint64_t> Whole(absl::string_view text) {
  return AsWholeNumber(ParseUntrustedJson(text).value());
}

TEST(AsWholeNumberTest, Row12WholeNumbersHoweverWritten) {
  EXPECT_EQ(Whole("0"), 0u);
  EXPECT_EQ(Whole("-0"), 0u);
  EXPECT_EQ(Whole("4096"), 4096u);
  EXPECT_EQ(Whole("4096.0"), 4096u);
  EXPECT_EQ(Whole("4.096e3"), 4096u);
  // 4096 modulo 2^32, which a narrower type would make of it.
  EXPECT_EQ(Whole("4294971392"), 4294971392u);
  EXPECT_EQ(Whole("4294971392.0"), 4294971392u);
}

TEST(AsWholeNumberTest, Row12TwoToThe53IsTheLargest) {
  EXPECT_EQ(Whole("9007199254740992"), uint64_t{1} << 53);
  EXPECT_EQ(Whole("9007199254740992.0"), uint64_t{1} << 53);
  EXPECT_EQ(Whole("9007199254740993"), std::nullopt);
  EXPECT_EQ(Whole("9007199254740994.0"), std::nullopt);
  EXPECT_EQ(Whole("18446744073709551615"), std::nullopt);
  EXPECT_EQ(Whole("18446744073709551616"), std::nullopt);
}

TEST(AsWholeNumberTest, Row12AnythingElseIsNone) {
  for (const char* text : {"4096.5", "-1", "-4096", "-0.5", "1e-1", "\"4096\"", "1e300", "-1e300",
                           "null", "true", "[4096]", "{}", "-9223372036854775808"}) {
    EXPECT_EQ(Whole(text), std::nullopt) << text;
  }
  EXPECT_EQ(AsWholeNumber(Json(std::numeric_limits<double>::quiet_NaN())), std::nullopt);
  EXPECT_EQ(AsWholeNumber(Json(std::numeric_limits<double>::infinity())), std::nullopt);
}

TEST(WipeTextsTest, EveryTextAtEveryDepthIsWipedAndNothingElse) {
  Json value = *ParseUntrustedJson(R"({"a":"canary-1","b":[1,["canary-2",null]],"c":{"d":"x"}})");
  // Within its capacity, a text's bytes stay where they are when it is cleared.
  std::string& text = value["b"][1][0].get_ref<std::string&>();
  const char* const bytes = text.data();
  WipeTexts(value);
  EXPECT_EQ(value, *ParseUntrustedJson(R"({"a":"","b":[1,["",null]],"c":{"d":""}})"));
  EXPECT_EQ(text.data(), bytes);
  EXPECT_EQ(std::string(bytes, 8), std::string(8, '\0'));
}

}  // namespace
}  // namespace credbroker
