#ifndef CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_
#define CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "service/api/peer_address.h"

namespace credbroker {

// A gRPC server of this machine.
struct ProbeTarget {
  // HOST:PORT, as it listens; 0.0.0.0 and [::] are asked through the loopback address.
  std::string address;
  bool tls = false;
};

// Whether the server still accepts and answers, by a new connection from the address that it
// listens on. What that proves:
// - Plaintext: a call of the health service was answered, whatever it said.
// - TLS: the connection was accepted, and gRPC's threads have shaken hands (TLS 1.3) as far as the
//   server's proof that it has the key of its certificate. Not more: the server may ask for a
//   certificate, and the probe has none. Nor is the server's own verified, which is not its
//   liveness.
//
// `announce` is called with the address that the connection is going to come from, so that it can
// be let past the server's caps. UNAVAILABLE or DEADLINE_EXCEEDED if there is no answer within
// `timeout`. Blocks; thread-safe.
absl::Status ProbeListener(const ProbeTarget& target, absl::Duration timeout,
                           absl::FunctionRef<void(const PeerAddress&)> announce);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_
