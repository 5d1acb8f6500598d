#ifndef CREDBROKER_SERVICE_SESSIONS_HOLD_H_
#define CREDBROKER_SERVICE_SESSIONS_HOLD_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "service/base/clock.h"
#include "service/model/failure.h"

namespace credbroker {

// Keeps an account from being locked by upstream: after a rejection no password attempt is made
// until the hold ends, the credential changes, or an operator lets one through (faults.md row 6).
// Refreshes are no password attempts and go on.
//
// A caller's own account gets its passwords from outside: there another password is another
// credential, but only until kDistinctPasswords different ones were rejected in a row. After that
// nobody may guess on.
class Hold {
 public:
  static constexpr size_t kDistinctPasswords = 3;

  // Upstream said no: CREDENTIAL_REJECTED or ACCOUNT_FORBIDDEN. `fingerprint` tells a caller's
  // passwords apart; empty for a configured account.
  void Reject(Instant now, Reason reason, std::string fingerprint);

  // Upstream said yes, or the credential's content has changed.
  void Clear();

  bool IsActive(Instant now) const { return now < until_; }

  // What to tell those who ask meanwhile: CREDENTIAL_HELD_BACK and how long; nothing if an attempt
  // with this credential is fine.
  std::optional<absl::Status> Refusal(Instant now, const std::string& fingerprint) const;

  Instant until() const { return until_; }
  // In a row.
  int rejections() const { return rejections_; }
  // Of the last rejection.
  Reason reason() const { return reason_; }

 private:
  bool WasRejected(const std::string& fingerprint) const;

  Instant until_ = Instant::InfinitePast();
  Reason reason_ = Reason::kCredentialRejected;
  int rejections_ = 0;
  // Of the passwords that were rejected, kDistinctPasswords at most.
  std::vector<std::string> fingerprints_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_HOLD_H_
