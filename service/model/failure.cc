#include "service/model/failure.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

constexpr char kReasonPayload[] = "credbroker/reason";
constexpr char kRetryPayload[] = "credbroker/retry-after-ns";

struct Row {
  Reason reason;
  const char* name;
  absl::StatusCode code;
};

using absl::StatusCode;

constexpr std::array kTable = {
    Row{Reason::kTenantUnknown, "TENANT_UNKNOWN", StatusCode::kNotFound},
    Row{Reason::kAccountUnknown, "ACCOUNT_UNKNOWN", StatusCode::kNotFound},
    Row{Reason::kInvalidField, "INVALID_FIELD", StatusCode::kInvalidArgument},
    Row{Reason::kCallerUnidentified, "CALLER_UNIDENTIFIED", StatusCode::kUnauthenticated},
    Row{Reason::kCallerNotAllowed, "CALLER_NOT_ALLOWED", StatusCode::kPermissionDenied},
    Row{Reason::kCredentialRejected, "CREDENTIAL_REJECTED", StatusCode::kFailedPrecondition},
    Row{Reason::kAccountForbidden, "ACCOUNT_FORBIDDEN", StatusCode::kFailedPrecondition},
    Row{Reason::kCredentialHeldBack, "CREDENTIAL_HELD_BACK", StatusCode::kFailedPrecondition},
    Row{Reason::kUpstreamUntrusted, "UPSTREAM_UNTRUSTED", StatusCode::kInternal},
    Row{Reason::kUpstreamUnavailable, "UPSTREAM_UNAVAILABLE", StatusCode::kUnavailable},
    Row{Reason::kUpstreamMalformed, "UPSTREAM_MALFORMED", StatusCode::kUnavailable},
    Row{Reason::kLoginRequired, "LOGIN_REQUIRED", StatusCode::kFailedPrecondition},
    Row{Reason::kStoreUnavailable, "STORE_UNAVAILABLE", StatusCode::kUnavailable},
    Row{Reason::kLifetimeUnattainable, "LIFETIME_UNATTAINABLE", StatusCode::kOutOfRange},
    Row{Reason::kDraining, "DRAINING", StatusCode::kUnavailable},
    Row{Reason::kOverloaded, "OVERLOADED", StatusCode::kResourceExhausted},
    Row{Reason::kAuditUnavailable, "AUDIT_UNAVAILABLE", StatusCode::kUnavailable},
    Row{Reason::kRefreshTokenDead, "REFRESH_TOKEN_DEAD", StatusCode::kFailedPrecondition},
    Row{Reason::kAccessTokenDead, "ACCESS_TOKEN_DEAD", StatusCode::kFailedPrecondition},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].reason != static_cast<Reason>(i)) return false;
  }
  return true;
}
static_assert(InOrder(), "the table is indexed by the reason");

const Row& RowOf(Reason reason) { return kTable[static_cast<size_t>(reason)]; }

std::optional<std::string> Payload(const absl::Status& status, const char* name) {
  const auto payload = status.GetPayload(name);
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace

absl::Status Failure(Reason reason, absl::string_view message,
                     std::optional<absl::Duration> retry_after) {
  absl::Status status(RowOf(reason).code, message);
  status.SetPayload(kReasonPayload, absl::Cord(absl::StrCat(static_cast<int>(reason))));
  return retry_after.has_value() ? WithRetryAfter(status, *retry_after) : status;
}

std::optional<Reason> ReasonOf(const absl::Status& status) {
  const std::optional<std::string> text = Payload(status, kReasonPayload);
  int index = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &index)) return std::nullopt;
  return static_cast<Reason>(index);
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const std::optional<std::string> text = Payload(status, kRetryPayload);
  int64_t nanoseconds = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &nanoseconds)) return std::nullopt;
  return absl::Nanoseconds(nanoseconds);
}

absl::Status WithRetryAfter(const absl::Status& status, absl::Duration retry_after) {
  absl::Status changed = status;
  changed.SetPayload(kRetryPayload,
                     absl::Cord(absl::StrCat(absl::ToInt64Nanoseconds(retry_after))));
  return changed;
}

absl::string_view ReasonName(Reason reason) { return RowOf(reason).name; }

absl::StatusCode CodeOf(Reason reason) { return RowOf(reason).code; }

}  // namespace credbroker
