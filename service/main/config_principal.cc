#include "service/main/config_principal.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "service/model/names.h"

namespace credbroker {
namespace {

constexpr absl::string_view kAnySegment = "*";
constexpr size_t kLongestSpiffeId = 2048;
constexpr size_t kLongestTrustDomain = 255;
constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestDnsName = 253;

bool IsLowerOrDigit(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsTrustDomainCharacter(char c) {
  return IsLowerOrDigit(c) || c == '.' || c == '-' || c == '_';
}
bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
}
bool IsLabelCharacter(char c) { return IsLowerOrDigit(c) || c == '-'; }

// SPIFFE-ID section 2.2.
bool IsPathSegment(absl::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::all_of(segment.begin(), segment.end(), IsNameCharacter);
}

std::optional<std::string> WhyNotSpiffe(absl::string_view id) {
  const size_t slash = id.find('/');
  const absl::string_view domain = id.substr(0, slash);
  if (domain.empty() || domain.size() > kLongestTrustDomain ||
      !std::all_of(domain.begin(), domain.end(), IsTrustDomainCharacter)) {
    return "the trust domain must be 1 to 255 characters a-z, 0-9, '.', '_' and '-'";
  }
  if (slash == absl::string_view::npos || id.size() > kLongestSpiffeId) {
    return "must have a path, spiffe://TRUST-DOMAIN/PATH, and 2048 bytes at most";
  }
  std::vector<absl::string_view> segments = absl::StrSplit(id.substr(slash + 1), '/');
  if (segments.back() == kAnySegment) segments.pop_back();
  if (!std::all_of(segments.begin(), segments.end(), IsPathSegment)) {
    return "each segment of the path must be of a-z, A-Z, 0-9, '.', '_' and '-', not '.' or '..'; "
           "only the last may be '*'";
  }
  return std::nullopt;
}

// RFC 1123 section 2.1, in lower case.
bool IsLabel(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), IsLabelCharacter);
}
bool IsSubdomain(absl::string_view text) {
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return text.size() <= kLongestDnsName && std::all_of(labels.begin(), labels.end(), IsLabel);
}

std::optional<std::string> WhyNotServiceAccount(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  if (parts.size() == 2 && IsLabel(parts[0]) &&
      (parts[1] == kAnySegment || IsSubdomain(parts[1]))) {
    return std::nullopt;
  }
  return "must be k8s:NAMESPACE/SERVICEACCOUNT, both names of Kubernetes, or '*' for the last";
}

// What certificates hold is compared as it is written there.
std::optional<std::string> WhyNotDnsName(absl::string_view name) {
  const bool plain = !name.empty() && name.size() <= kLongestDnsName &&
                     std::all_of(name.begin(), name.end(), IsNameCharacter);
  if (plain) return std::nullopt;
  return "must be dns:NAME, a host's name; '*' stands for nothing in it";
}

}  // namespace

std::optional<std::string> WhyNotPrincipal(absl::string_view text) {
  if (text == "local") return std::nullopt;
  if (absl::ConsumePrefix(&text, "spiffe://")) return WhyNotSpiffe(text);
  if (absl::ConsumePrefix(&text, "k8s:")) return WhyNotServiceAccount(text);
  if (absl::ConsumePrefix(&text, "dns:")) return WhyNotDnsName(text);
  if (absl::ConsumePrefix(&text, "email:")) {
    if (IsEmailAddress(text)) return std::nullopt;
    return "must be email:ADDRESS, an e-mail address";
  }
  if (absl::ConsumePrefix(&text, "cn:")) {
    if (!text.empty() && text != kAnySegment) return std::nullopt;
    return "must be cn:NAME; '*' stands for nothing in it";
  }
  return "must begin with spiffe://, k8s:, dns:, email: or cn:, or be local";
}

}  // namespace credbroker
