#include "service/sessions/hold.h"

#include <algorithm>
#include <utility>

#include "service/sessions/policy.h"

namespace credbroker {

void Hold::Reject(Instant now, Reason reason, std::string fingerprint) {
  ++rejections_;
  until_ = now + HoldBack(rejections_);
  reason_ = reason;
  if (!WasRejected(fingerprint) && fingerprints_.size() < kDistinctPasswords) {
    fingerprints_.push_back(std::move(fingerprint));
  }
}

void Hold::Clear() { *this = Hold(); }

bool Hold::WasRejected(const std::string& fingerprint) const {
  return std::find(fingerprints_.begin(), fingerprints_.end(), fingerprint) != fingerprints_.end();
}

std::optional<absl::Status> Hold::Refusal(Instant now, const std::string& fingerprint) const {
  if (!IsActive(now)) return std::nullopt;
  const bool may_differ = !fingerprint.empty() && reason_ == Reason::kCredentialRejected;
  if (may_differ && fingerprints_.size() < kDistinctPasswords && !WasRejected(fingerprint)) {
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
