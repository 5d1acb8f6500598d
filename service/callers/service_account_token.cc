#include "service/callers/service_account_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "service/base/base64.h"
#include "service/base/json.h"
#include "service/base/status_macros.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kLongestToken = 8 << 10;
constexpr size_t kLongestKeyId = 256;
constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestSubdomain = 253;
constexpr absl::Duration kSkew = absl::Minutes(1);

absl::Status NotAccepted(absl::string_view why) {
  return Failure(Reason::kCallerUnidentified, absl::StrCat("the bearer token ", why));
}

absl::StatusOr<Json> ReadObject(absl::string_view encoded) {
  const std::optional<std::string> text = StrictBase64UrlDecode(encoded);
  if (!text.has_value()) return NotAccepted("is not of base64url");
  absl::StatusOr<Json> value = ParseUntrustedJson(*text);
  if (!value.ok() || !value->is_object()) return NotAccepted("is not of JSON objects");
  return value;
}

// RFC 1123 section 2.1, in lower case, as Kubernetes has it.
bool IsKubernetesLabel(absl::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || c == '-';
         });
}

bool IsKubernetesSubdomain(absl::string_view text) {
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return text.size() <= kLongestSubdomain &&
         std::all_of(labels.begin(), labels.end(), IsKubernetesLabel);
}

// Nothing if the subject is no ServiceAccount.
std::optional<std::string> PrincipalOf(absl::string_view subject) {
  if (!absl::ConsumePrefix(&subject, "system:serviceaccount:")) return std::nullopt;
  const std::vector<absl::string_view> names = absl::StrSplit(subject, ':');
  if (names.size() != 2 || !IsKubernetesLabel(names[0]) || !IsKubernetesSubdomain(names[1])) {
    return std::nullopt;
  }
  return absl::StrCat("k8s:", names[0], "/", names[1]);
}

// RFC 7519 section 4.1.3.
bool IsFor(const Json& claims, const std::string& audience) {
  const auto aud = claims.find("aud");
  if (aud == claims.end()) return false;
  if (aud->is_string()) return *aud == audience;
  return aud->is_array() &&
         std::all_of(aud->begin(), aud->end(), [](const Json& one) { return one.is_string(); }) &&
         std::find(aud->begin(), aud->end(), audience) != aud->end();
}

// A NumericDate of whole seconds (RFC 7519 section 2); nothing if it is absent or anything else.
std::optional<absl::Time> TimeMember(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  const std::optional<uint64_t> seconds = AsWholeNumber(*found);
  if (!seconds.has_value()) return std::nullopt;
  return absl::FromUnixSeconds(static_cast<int64_t>(*seconds));
}

// When it ends; or why it is not valid now.
absl::StatusOr<absl::Time> CheckTimes(const Json& claims, absl::Time now) {
  const std::optional<absl::Time> end = TimeMember(claims, "exp");
  if (!end.has_value()) return NotAccepted("has no time at which it ends");
  if (now >= *end + kSkew) return NotAccepted("has expired");
  if (claims.contains("nbf")) {
    const std::optional<absl::Time> begin = TimeMember(claims, "nbf");
    if (!begin.has_value() || now < *begin - kSkew) return NotAccepted("is not valid yet");
  }
  return now < *end ? *end : *end + kSkew;
}

}  // namespace

absl::StatusOr<ServiceAccountToken> ParseServiceAccountToken(absl::string_view token) {
  if (token.size() > kLongestToken) return NotAccepted("is too long");
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return NotAccepted("is not a signed JWT");
  CREDBROKER_ASSIGN_OR_RETURN(const Json header, ReadObject(parts[0]));
  for (const char* name : {"crit", "jwk", "jku", "x5c", "x5u"}) {
    if (header.contains(name)) return NotAccepted("has a header that is not accepted");
  }
  const std::optional<std::string> type = StringMember(header, "typ");
  if (header.contains("typ") && (!type.has_value() || !absl::EqualsIgnoreCase(*type, "JWT"))) {
    return NotAccepted("is not a JWT");
  }
  std::optional<std::string> algorithm = StringMember(header, "alg");
  std::optional<std::string> key_id = StringMember(header, "kid");
  if (!algorithm.has_value() || !key_id.has_value() || key_id->empty() ||
      key_id->size() > kLongestKeyId) {
    return NotAccepted("does not say by which key it is signed");
  }
  std::optional<std::string> signature = StrictBase64UrlDecode(parts[2]);
  if (!signature.has_value() || signature->empty()) return NotAccepted("is not signed");
  return ServiceAccountToken{*std::move(algorithm), *std::move(key_id),
                             token.substr(0, parts[0].size() + 1 + parts[1].size()), parts[1],
                             *std::move(signature)};
}

absl::StatusOr<Caller> VerifyServiceAccountToken(const ServiceAccountToken& token,
                                                 const JsonWebKey& key,
                                                 const ExpectedClaims& expected, absl::Time now) {
  if (token.algorithm != key.algorithm_name()) {
    return NotAccepted("is not signed by the algorithm that its key is for");
  }
  if (!key.Verifies(token.signing_input, token.signature)) return NotAccepted("is not genuine");
  CREDBROKER_ASSIGN_OR_RETURN(const Json claims, ReadObject(token.payload));
  if (StringMember(claims, "iss") != expected.issuer) return NotAccepted("is of another issuer");
  if (!IsFor(claims, expected.audience)) return NotAccepted("is for another audience");
  CREDBROKER_ASSIGN_OR_RETURN(const absl::Time end, CheckTimes(claims, now));
  std::optional<std::string> principal = PrincipalOf(StringMember(claims, "sub").value_or(""));
  if (!principal.has_value()) return NotAccepted("is not of a ServiceAccount");
  Caller caller;
  caller.principals.push_back(*std::move(principal));
  caller.expires = end;
  return caller;
}

}  // namespace credbroker
