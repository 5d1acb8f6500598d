#ifndef CREDBROKER_SERVICE_UPSTREAM_JWT_LIFETIME_H_
#define CREDBROKER_SERVICE_UPSTREAM_JWT_LIFETIME_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

// No token counts as living longer than this, whatever it claims.
inline constexpr absl::Duration kLongestLifetime = absl::Hours(24);

// How long an access token lives, counted from `sent`, when its request left: `exp` - `iat` of its
// claims (RFC 7519 section 4.1), whatever the two clocks say of each other; with `exp` alone, until
// then; where neither can be read (it may be no JWT at all), `default_lifetime`. Never more than
// kLongestLifetime. The signature is not verified: the broker is not the token's audience.
//
// UPSTREAM_MALFORMED if the token has expired already. Pure.
absl::StatusOr<absl::Duration> JwtLifetime(absl::string_view token, absl::Time sent,
                                           absl::Duration default_lifetime);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_JWT_LIFETIME_H_
