#include "service/main/config_values.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace credbroker {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool AreDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

bool Contains(absl::string_view set, char c) { return set.find(c) != absl::string_view::npos; }

size_t SkipDigits(absl::string_view text, size_t from) {
  while (from < text.size() && IsDigit(text[from])) ++from;
  return from;
}

// [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ([eE] [-+]? [0-9]+)?  (YAML 1.2 section 10.3.2)
bool IsCoreSchemaNumber(absl::string_view text) {
  if (!text.empty() && Contains("+-", text.front())) text.remove_prefix(1);
  const size_t whole = SkipDigits(text, 0);
  size_t end = whole;
  if (end < text.size() && text[end] == '.') {
    end = SkipDigits(text, end + 1);
    if (whole == 0 && end == 1) return false;
  } else if (whole == 0) {
    return false;
  }
  if (end == text.size()) return true;
  if (!Contains("eE", text[end])) return false;
  absl::string_view exponent = text.substr(end + 1);
  if (!exponent.empty() && Contains("+-", exponent.front())) exponent.remove_prefix(1);
  return AreDigits(exponent);
}

bool IsRadixNumber(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "0o")) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  }
  if (!absl::ConsumePrefix(&text, "0x")) return false;
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isxdigit(static_cast<unsigned char>(c));
  });
}

}  // namespace

std::optional<uint64_t> ParseWholeNumber(absl::string_view text) {
  if (!AreDigits(text) || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint64_t value = 0;
  if (!absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

std::optional<double> ParseDecimalNumber(absl::string_view text) {
  const size_t point = std::min(text.find('.'), text.size());
  if (!ParseWholeNumber(text.substr(0, point))) return std::nullopt;
  if (point < text.size() && !AreDigits(text.substr(point + 1))) return std::nullopt;
  double value = 0;
  if (!absl::SimpleAtod(text, &value)) return std::nullopt;
  return value;
}

std::optional<absl::Duration> ParseDuration(absl::string_view text) {
  // absl::ParseDuration accepts signs, "inf" and a bare 0 too.
  const bool plain = std::all_of(text.begin(), text.end(),
                                 [](char c) { return IsDigit(c) || Contains(".hmsun", c); });
  if (text.empty() || !plain || !IsDigit(text.front()) ||
      !absl::ascii_isalpha(static_cast<unsigned char>(text.back()))) {
    return std::nullopt;
  }
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration == absl::InfiniteDuration()) {
    return std::nullopt;
  }
  return duration;
}

bool MeansOtherThanText(absl::string_view text) {
  for (absl::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE", "null", "Null",
                                 "NULL", "~", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return true;
  }
  absl::string_view unsigned_text = text;
  if (!text.empty() && Contains("+-", text.front())) unsigned_text.remove_prefix(1);
  for (absl::string_view word : {".inf", ".Inf", ".INF"}) {
    if (unsigned_text == word) return true;
  }
  return text.empty() || IsCoreSchemaNumber(text) || IsRadixNumber(text);
}

bool IsHttpToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || Contains("!#$%&'*+-.^_`|~", c);
  });
}

bool IsPrintableAscii(absl::string_view text) {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

}  // namespace credbroker
