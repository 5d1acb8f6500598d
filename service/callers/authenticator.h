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

// For a plaintext listener whose connections are all from this machine (see IsLoopback in
// ops/tcp_listener.h): every caller is `local`. Evidence of another peer is refused all the same.
class LoopbackAuthenticator : public Authenticator {
 public:
  LoopbackAuthenticator();

  absl::StatusOr<Caller> Identify(const CallEvidence& evidence) const override;
  const Caller* Everyone() const override { return &local_; }

 private:
  const Caller local_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_AUTHENTICATOR_H_
