#ifndef CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_
#define CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace credbroker {

// Whether a plaintext gRPC server still accepts and answers at `address` (HOST:PORT): a call of its
// health service on a new connection. Whatever the health service says will do. UNAVAILABLE or
// DEADLINE_EXCEEDED if there is no answer within `timeout`. One failure proves little: gRPC 1.51's
// client now and then takes a connection that is under way for a failed one. Blocks; thread-safe.
absl::Status ProbeListener(const std::string& address, absl::Duration timeout);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_LISTENER_PROBE_H_
