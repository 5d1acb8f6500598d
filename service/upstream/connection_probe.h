#ifndef CREDBROKER_SERVICE_UPSTREAM_CONNECTION_PROBE_H_
#define CREDBROKER_SERVICE_UPSTREAM_CONNECTION_PROBE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "service/model/tenant.h"

namespace credbroker {

// What can be found out about the way to a tenant's upstream without sending it a request. Texts
// come from the peer: escape them.
struct ConnectionFacts {
  // What it ended with: as StatusFromCurl says.
  absl::Status status;
  // Whether there was a connection, of whatever use.
  bool connected = false;
  // Since the start; absent if libcurl does not say.
  std::optional<absl::Duration> resolve_time;
  std::optional<absl::Duration> connect_time;
  // The peer's (or the proxy's) IP address; empty if there was no connection.
  std::string address;

  // Of an https address, empty otherwise or if the handshake did not come so far.
  std::string tls_version;
  // Of the certificate: in RFC 2253's form. Present even if it could not be verified.
  std::string subject;
  std::string issuer;
  std::optional<absl::Time> not_after;
};

// Resolves, connects, and shakes hands as the broker's own requests do: with the tenant's proxy and
// ca_file, TLS 1.2 or later, certificate and name verified. Nothing else is sent. If the
// certificate cannot be verified, connects once more without verification, only to see the
// certificate; nothing is ever sent on that connection. Blocks, twice `tenant.request_timeout` at
// most.
ConnectionFacts ProbeConnection(const Tenant& tenant);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_CONNECTION_PROBE_H_
