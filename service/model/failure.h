#ifndef CREDBROKER_SERVICE_MODEL_FAILURE_H_
#define CREDBROKER_SERVICE_MODEL_FAILURE_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

// Why a call failed. Each reason has one canonical code; the table is in failure.cc.
enum class Reason {
  kTenantUnknown,
  kAccountUnknown,
  kInvalidField,
  kCallerUnidentified,
  kCallerNotAllowed,
  kCredentialRejected,
  kAccountForbidden,
  kCredentialHeldBack,
  kUpstreamUntrusted,
  kUpstreamUnavailable,
  kUpstreamMalformed,
  kLoginRequired,
  kStoreUnavailable,
  kLifetimeUnattainable,
  kDraining,
  kOverloaded,
  kAuditUnavailable,
  // Upstream no longer knows the refresh token (416). Between `upstream` and `sessions` only; no
  // caller ever sees it.
  kRefreshTokenDead,
  // Upstream no longer knows the access token (401 on logout). As above.
  kAccessTokenDead,
};

// A status with the reason's code, carrying the reason and, where waiting helps, for how long.
// `message` says what happened and what to do, for people; it never holds input bytes or a secret.
absl::Status Failure(Reason reason, absl::string_view message,
                     std::optional<absl::Duration> retry_after = std::nullopt);

// The reason of a status made by Failure; nothing for any other.
std::optional<Reason> ReasonOf(const absl::Status& status);

// How long to wait, if the status says so.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

// The same failure with another wait.
absl::Status WithRetryAfter(const absl::Status& status, absl::Duration retry_after);

// The reason's name on the wire, e.g. "CREDENTIAL_HELD_BACK".
absl::string_view ReasonName(Reason reason);

// The code that every failure of this reason has.
absl::StatusCode CodeOf(Reason reason);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_FAILURE_H_
