#include "service/upstream/jwt_lifetime.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

#include "service/base/base64.h"
#include "service/base/json.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

// The claims of a JWT in its compact form (RFC 7515 section 7.1); nothing if it is none.
std::optional<Json> Claims(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return std::nullopt;
  std::optional<std::string> payload = StrictBase64UrlDecode(parts[1]);
  if (!payload.has_value()) return std::nullopt;
  absl::StatusOr<Json> claims = ParseUntrustedJson(*payload);
  OPENSSL_cleanse(payload->data(), payload->size());
  if (!claims.ok() || !claims->is_object()) return std::nullopt;
  return *std::move(claims);
}

// A NumericDate: seconds, perhaps with a fraction.
std::optional<double> NumericDate(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

}  // namespace

absl::StatusOr<absl::Duration> JwtLifetime(absl::string_view token, absl::Time sent,
                                           absl::Duration default_lifetime) {
  absl::Duration lifetime = default_lifetime;
  if (const std::optional<Json> claims = Claims(token); claims.has_value()) {
    const std::optional<double> issued = NumericDate(*claims, "iat");
    const std::optional<double> expires = NumericDate(*claims, "exp");
    if (expires.has_value()) {
      // As doubles first: they have no bounds that a hostile claim could pass.
      const double from = issued.value_or(absl::ToDoubleSeconds(sent - absl::UnixEpoch()));
      lifetime = absl::Seconds(*expires - from);
    }
  }
  if (lifetime <= absl::ZeroDuration()) {
    return Failure(Reason::kUpstreamMalformed, "upstream issued a token that has expired already");
  }
  return std::min(lifetime, kLongestLifetime);
}

}  // namespace credbroker
