#include "service/sessions/hold.h"

#include <utility>

#include "service/sessions/policy.h"

namespace credbroker {

void Hold::Reject(Instant now, Reason reason, std::string fingerprint) {
  ++rejections_;
  until_ = now + HoldBack(rejections_);
  reason_ = reason;
  fingerprint_ = std::move(fingerprint);
}

void Hold::Clear() { *this = Hold(); }

std::optional<absl::Status> Hold::Refusal(Instant now, const std::string& fingerprint) const {
  if (!IsActive(now)) return std::nullopt;
  const bool other_password =
      !fingerprint.empty() && !fingerprint_.empty() && fingerprint != fingerprint_;
  if (other_password && reason_ == Reason::kCredentialRejected &&
      rejections_ < kDistinctPasswords) {
    return std::nullopt;
  }
  return Failure(Reason::kCredentialHeldBack,
                 reason_ == Reason::kAccountForbidden
                     ? "upstream forbids the account; not tried again before the hold ends"
                     : "upstream rejected the credential; not tried again before the hold ends, so "
                       "that the account is not locked: correct the credential",
                 until_ - now);
}

}  // namespace credbroker
