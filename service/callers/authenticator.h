#ifndef CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_
#define CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "service/callers/bounded_cache.h"
#include "service/model/caller.h"

namespace credbroker {

// What a call shows of its caller. Read anew for each call: a connection may carry many callers.
struct CallEvidence {
  // The peer's address as gRPC writes it, e.g. "ipv4:127.0.0.1:4711".
  absl::string_view peer;
  // The leaf of the client certificate that TLS has verified, as PEM text; empty: none was shown.
  absl::string_view certificate = {};
  // The metadata `authorization`, each time it was sent.
  absl::Span<const absl::string_view> authorization = {};
};

// Says who is calling. Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // CALLER_UNIDENTIFIED if nothing identifies the caller, or what does is not valid, or at `now` no
  // more.
  virtual absl::StatusOr<Caller> Identify(const CallEvidence& evidence, absl::Time now) const = 0;
  // Who every caller is, whatever its call shows; null if that depends on the call. Without an
  // address. For the hot path: gathering evidence allocates.
  virtual const Caller* Everyone() const { return nullptr; }
};

// Says whose a bearer token is. Thread-safe; never blocks.
class BearerTokens {
 public:
  virtual ~BearerTokens() = default;
  // CALLER_UNIDENTIFIED if it is not valid, or at `now` no more. The caller `expires` with it.
  virtual absl::StatusOr<Caller> Verify(absl::string_view token, absl::Time now) const = 0;
};

// For a plaintext listener whose connections are all from this machine (see IsLoopback in
// ops/tcp_listener.h): every caller is `local`. Evidence of another peer is refused all the same.
class LoopbackAuthenticator : public Authenticator {
 public:
  // Whoever shows a token is its owner too. Null `tokens`: none is looked at. It outlives this.
  explicit LoopbackAuthenticator(const BearerTokens* tokens = nullptr);

  absl::StatusOr<Caller> Identify(const CallEvidence& evidence, absl::Time now) const override;
  const Caller* Everyone() const override { return tokens_ == nullptr ? &local_ : nullptr; }

 private:
  const Caller local_;
  const BearerTokens* const tokens_;
};

// For TLS: a caller is whom its certificate names (see certificate_identity.h), and whose token it
// shows; of two things shown both must be valid. Without either it is nobody.
class TlsAuthenticator : public Authenticator {
 public:
  // Null `tokens`: none is looked at. It outlives this.
  explicit TlsAuthenticator(const BearerTokens* tokens = nullptr);

  absl::StatusOr<Caller> Identify(const CallEvidence& evidence, absl::Time now) const override;

 private:
  absl::StatusOr<Caller> IdentifyByCertificate(absl::string_view leaf, absl::Time now) const;

  const BearerTokens* const tokens_;
  mutable BoundedCache<Caller> certificates_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_
