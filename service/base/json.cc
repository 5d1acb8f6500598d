#include "service/base/json.h"

#include <openssl/crypto.h>

#include <cmath>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace credbroker {
namespace {

constexpr size_t kDeepest = 16;
constexpr double kLargestExact = 9007199254740992.0;  // 2^53

// Only looks: whether the text is within the limits. It builds nothing, so nothing can overflow.
class LimitChecker : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override {
    names_.emplace_back();
    return names_.size() <= kDeepest;
  }
  bool key(string_t& name) override { return names_.back().insert(name).second; }
  bool end_object() override { return Leave(); }
  bool start_array(size_t) override {
    names_.emplace_back();
    return names_.size() <= kDeepest;
  }
  bool end_array() override { return Leave(); }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  bool Leave() {
    names_.pop_back();
    return true;
  }

  // One set of names for each open object; an empty one for each open array.
  std::vector<absl::flat_hash_set<std::string>> names_;
};

}  // namespace

absl::StatusOr<Json> ParseUntrustedJson(absl::string_view text) {
  LimitChecker checker;
  // The parser takes NUL for the end and would not look at what follows; JSON never holds one.
  if (absl::StrContains(text, '\0') || !Json::sax_parse(text.begin(), text.end(), &checker)) {
    return absl::InvalidArgumentError("not acceptable JSON");
  }
  Json value = Json::parse(text.begin(), text.end(), /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return absl::InvalidArgumentError("not acceptable JSON");
  return value;
}

void WipeTexts(Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
  } else if (value.is_structured()) {
    for (Json& member : value) WipeTexts(member);
  }
}

std::optional<std::string> StringMember(const Json& object, absl::string_view name) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(std::string(name));
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

std::optional<uint64_t> AsWholeNumber(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(kLargestExact)) return std::nullopt;
    return number;
  }
  const auto number = value.get<double>();  // Negative, or written with a fraction or exponent.
  if (!(number >= 0 && number <= kLargestExact) || std::trunc(number) != number) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(number);
}

}  // namespace credbroker
