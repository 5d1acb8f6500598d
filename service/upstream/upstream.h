#ifndef CREDBROKER_SERVICE_UPSTREAM_UPSTREAM_H_
#define CREDBROKER_SERVICE_UPSTREAM_UPSTREAM_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/base/secret.h"
#include "service/model/account_key.h"
#include "service/model/device.h"
#include "service/model/tenant.h"
#include "service/scram/keys.h"

namespace credbroker {

// What an account proves itself with, and where that comes from. Thread-safe; for worker threads.
class Credential {
 public:
  virtual ~Credential() = default;
  // The secret as it is now: a password, or what was derived from one. May block. LOGIN_REQUIRED if
  // it cannot be had.
  virtual absl::StatusOr<Secret> Read() const = 0;
  // The keys that `secret`, which Read gave, has for a login with these parameters. May take long.
  // LOGIN_REQUIRED if it has none.
  virtual absl::StatusOr<ScramKeys> KeysFrom(const Secret& secret,
                                             const KeyParameters& parameters) const = 0;
};

// Whose login, refresh or logout it is.
struct UpstreamAccount {
  std::shared_ptr<const Tenant> tenant;
  AccountKey key;
  std::string email;
  // The `Platform` header; empty: none.
  std::string platform;
};

// A token that upstream issued.
struct IssuedToken {
  Secret access_token;
  std::optional<Secret> sendbird_session_token;
  std::string device_id;
  // When its request was sent. The lifetime counts from here, so it is never overstated.
  Instant sent;
  absl::Time sent_wall;
  // Positive, at most 24 h.
  absl::Duration lifetime;
};

// What a whole login gave.
struct LoginGrant {
  IssuedToken token;
  Secret refresh_token;
  std::optional<std::string> redirect_project_id;
};

// What the sessions ask of a tenant's upstream. Front door of this folder.
//
// All of it runs on one loop: call from there; `done` runs there too, exactly once, never inside
// the call. Every call ends by itself, after a few `request_timeout`s at the latest. A failure is
// one of model/failure.h:
//   CREDENTIAL_REJECTED  400 or 401 on a login
//   ACCOUNT_FORBIDDEN    403 on any call
//   REFRESH_TOKEN_DEAD   416, 400 or 401 on a refresh
//   ACCESS_TOKEN_DEAD    401 on a logout
//   UPSTREAM_UNTRUSTED   the server did not prove that it knows the account
//   UPSTREAM_UNAVAILABLE unreachable, too slow, 5xx, 429; RetryInfo if upstream or the failure asks
//   for a
//                        wait (429: at most 5 min; TLS verification: 60 s)
//   UPSTREAM_MALFORMED   nonsense, or any other status
//   LOGIN_REQUIRED       the credential could not be read, or does not fit what upstream asks for
class Upstream {
 public:
  virtual ~Upstream() = default;

  // A whole SCRAM exchange: one password attempt.
  using LoginDone = absl::AnyInvocable<void(absl::StatusOr<LoginGrant>)>;
  virtual void Login(const UpstreamAccount& account, std::shared_ptr<const Credential> credential,
                     const Device& device, LoginDone done) = 0;

  // A new access token.
  using RefreshDone = absl::AnyInvocable<void(absl::StatusOr<IssuedToken>)>;
  virtual void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
                       RefreshDone done) = 0;

  // Ends the session of `access_token`, which must be live, and its refresh token. OK: it is ended
  // (200, or 416: it was already).
  using LogoutDone = absl::AnyInvocable<void(absl::Status)>;
  virtual void Logout(const UpstreamAccount& account, const Secret& access_token,
                      LogoutDone done) = 0;

  // Whether the credential's content is readable and differs from what the account's last login
  // used.
  using CredentialDone = absl::AnyInvocable<void(bool changed)>;
  virtual void HasCredentialChanged(const AccountKey& key,
                                    std::shared_ptr<const Credential> credential,
                                    CredentialDone done) = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_UPSTREAM_H_
