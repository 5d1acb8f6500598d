#include "service/model/names.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace credbroker {
namespace {

constexpr size_t kLongestName = 63;
constexpr size_t kLongestAddress = 254;

bool IsNameStart(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsNameCharacter(char c) { return IsNameStart(c) || c == '.' || c == '_' || c == '-'; }

}  // namespace

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestName && IsNameStart(text.front()) &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

bool IsEmailAddress(absl::string_view text) {
  if (text.size() > kLongestAddress) return false;
  const size_t at = text.find('@');
  if (at == absl::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  if (text.find('@', at + 1) != absl::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace credbroker
