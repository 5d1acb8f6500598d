#include "service/callers/spiffe_id.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace credbroker {
namespace {

constexpr size_t kLongestId = 2048;
constexpr size_t kLongestTrustDomain = 255;

bool IsPathCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
}

// SPIFFE-ID section 2.1.
bool IsTrustDomain(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestTrustDomain &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsPathCharacter(c) && !absl::ascii_isupper(static_cast<unsigned char>(c));
         });
}

// SPIFFE-ID section 2.2.
bool IsSegment(absl::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), IsPathCharacter);
}

}  // namespace

bool IsWorkloadSpiffeId(absl::string_view uri) {
  if (uri.size() > kLongestId || !absl::ConsumePrefix(&uri, "spiffe://")) return false;
  const size_t slash = uri.find('/');
  if (slash == absl::string_view::npos || !IsTrustDomain(uri.substr(0, slash))) return false;
  for (absl::string_view segment : absl::StrSplit(uri.substr(slash + 1), '/')) {
    if (!IsSegment(segment)) return false;
  }
  return true;
}

}  // namespace credbroker
