#include "service/base/log.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace credbroker {
namespace {

// What one call writes to stderr.
std::string Line(LogLevel level, std::initializer_list<LogField> fields) {
  testing::internal::CaptureStderr();
  Log(level, "something_happened", fields);
  return testing::internal::GetCapturedStderr();
}

nlohmann::json Parsed(const std::string& line) {
  return nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
}

TEST(LogTest, OneObjectOnALine) {
  const std::string line = Line(LogLevel::kInfo, {{"text", "a"},
                                                  {"signed", int64_t{-1}},
                                                  {"unsigned", ~uint64_t{0}},
                                                  {"int", 3},
                                                  {"yes", true},
                                                  {"delay", absl::Milliseconds(1500)}});
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  const nlohmann::json json = Parsed(line);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["event"], "something_happened");
  EXPECT_EQ(json["text"], "a");
  EXPECT_EQ(json["signed"], -1);
  EXPECT_EQ(json["unsigned"], ~uint64_t{0});
  EXPECT_EQ(json["int"], 3);
  EXPECT_EQ(json["yes"], true);
  EXPECT_EQ(json["delay"], 1.5);
}

TEST(LogTest, TimeIsRfc3339InUtc) {
  const std::string text = Parsed(Line(LogLevel::kInfo, {}))["time"];
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << error;
  EXPECT_EQ(text.back(), 'Z');
  EXPECT_LT(absl::AbsDuration(absl::Now() - time), absl::Minutes(1));
}

TEST(LogTest, Row37WhatOthersChoseCannotBreakTheLine) {
  std::string nasty = "a\r\n{\"event\":\"forged\"}\t\x1b[31m\x7f\"\\{}%v%n";
  nasty.push_back('\0');
  const std::string line = Line(LogLevel::kWarning, {{"name", nasty}, {nasty, "value"}});
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line.substr(0, line.size() - 1)) EXPECT_GE(c, ' ') << line;
  const nlohmann::json json = Parsed(line);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json["name"], nasty);
  EXPECT_EQ(json[nasty], "value");
  EXPECT_EQ(json["event"], "something_happened");
}

TEST(LogTest, BytesThatAreNotUtf8AreReplaced) {
  const nlohmann::json json = Parsed(Line(LogLevel::kError, {{"name", "a\xff\u00fc"}}));
  EXPECT_EQ(json["name"], "a\ufffd\u00fc");
}

TEST(LogTest, EndlessDurationIsStillJson) {
  const nlohmann::json json = Parsed(
      Line(LogLevel::kInfo, {{"a", absl::InfiniteDuration()}, {"b", -absl::InfiniteDuration()}}));
  ASSERT_TRUE(json.is_object());
  EXPECT_TRUE(json["a"].is_null());
  EXPECT_TRUE(json["b"].is_null());
}

TEST(LogTest, LevelsHaveNames) {
  EXPECT_EQ(Parsed(Line(LogLevel::kInfo, {}))["level"], "info");
  EXPECT_EQ(Parsed(Line(LogLevel::kWarning, {}))["level"], "warning");
  EXPECT_EQ(Parsed(Line(LogLevel::kError, {}))["level"], "error");
}

TEST(LogTest, SinkTakesWhatIsLoggedInsteadOfStderr) {
  static std::string taken;
  SetLogSink([](LogLevel, absl::string_view event, std::initializer_list<LogField> fields) {
    taken = absl::StrCat(event, " ", fields.begin()->key, "=", fields.begin()->json);
  });
  EXPECT_EQ(Line(LogLevel::kInfo, {{"int", 3}}), "");
  EXPECT_EQ(taken, "something_happened int=3");
  SetLogSink(nullptr);
  EXPECT_NE(Line(LogLevel::kInfo, {{"int", 3}}), "");
}

TEST(LogTest, DebugIsNotWritten) { EXPECT_EQ(Line(LogLevel::kDebug, {}), ""); }

}  // namespace
}  // namespace credbroker
