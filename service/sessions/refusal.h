#ifndef CREDBROKER_SERVICE_SESSIONS_REFUSAL_H_
#define CREDBROKER_SERVICE_SESSIONS_REFUSAL_H_

#include "absl/status/status.h"

namespace credbroker {

// What a caller is told where more than one place says it.

// LOGIN_REQUIRED.
absl::Status LoginRequired();
// CALLER_NOT_ALLOWED: the session is a caller's own, and not this caller's.
absl::Status BelongsToAnother();
// LIFETIME_UNATTAINABLE: see IsAttainable, or the token came too late.
absl::Status LifetimeUnattainable();
// DEADLINE_EXCEEDED.
absl::Status DeadlinePassed();
// UPSTREAM_UNAVAILABLE: a token that ended on its way is no token.
absl::Status ArrivedTooLate();
// OVERLOADED: see Capacity.
absl::Status TooManySessions();
absl::Status TooManyAccounts();
// UPSTREAM_UNAVAILABLE, to be asked again at once: what the call was about has changed.
absl::Status ConfigurationChanged();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_REFUSAL_H_
