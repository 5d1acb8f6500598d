#ifndef CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_
#define CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/model/caller.h"

namespace credbroker {

// What a call shows of its caller. Read anew for each call: a connection may carry many callers.
struct CallEvidence {
  // The peer's address as gRPC writes it, e.g. "ipv4:127.0.0.1:4711".
  absl::string_view peer;
};

// Says who is calling. Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // CALLER_UNIDENTIFIED if nothing identifies the caller, or what does is not valid.
  virtual absl::StatusOr<Caller> Identify(const CallEvidence& evidence) const = 0;
  // Who every caller is, whatever its call shows; null if that depends on the call. Without an
  // address. For the hot path: gathering evidence allocates.
  virtual const Caller* Everyone() const { return nullptr; }
};

// Whoever calls from this machine is `local`; from anywhere else, nobody.
class LoopbackAuthenticator : public Authenticator {
 public:
  // `only_local`: the listener lets in nobody who is not on this machine (IsLoopback in
  // ops/tcp_listener.h), so that everyone is `local`, whoever asks.
  explicit LoopbackAuthenticator(bool only_local);

  absl::StatusOr<Caller> Identify(const CallEvidence& evidence) const override;
  const Caller* Everyone() const override { return only_local_ ? &local_ : nullptr; }

 private:
  const bool only_local_;
  const Caller local_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_
