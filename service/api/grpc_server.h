#ifndef CREDBROKER_SERVICE_API_GRPC_SERVER_H_
#define CREDBROKER_SERVICE_API_GRPC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/api/caller_quotas.h"
#include "service/api/limits.h"
#include "service/api/peer_address.h"
#include "service/api/server_tls.h"
#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/snapshot.h"
#include "service/callers/authenticator.h"
#include "service/callers/authorizer.h"
#include "service/ops/audit_trail.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"

namespace credbroker {

struct GrpcServerOptions {
  // A name or an address without brackets.
  std::string host = "127.0.0.1";
  // 0: a free one.
  int port = 0;
  // Null: plaintext.
  std::shared_ptr<const ServerTls> tls = nullptr;
  ConnectionLimits connections = {};
  bool reflection = false;
  // Connections are asked to leave at about this age, and watches end before they are as old; their
  // peers come back on new ones.
  absl::Duration max_connection_age = absl::Minutes(30);
  // A connection that was asked to leave is kept this much longer than its youngest watch can last.
  absl::Duration leaving_margin = absl::Seconds(30);
};

// The broker's gRPC server: credbroker.v1.CredentialBroker and grpc.health.v1.Health over TLS or
// plaintext, and reflection if wanted. Front door of this folder.
//
// It ends in three steps, so that nobody is cut off who could be served: BeginDrain; some time
// later RefuseNew; then FinishCalls. Each is for one thread and harmless if repeated.
class GrpcServer {
 public:
  // What is referred to outlives the server.
  struct Parts {
    SessionManager& sessions;
    Metrics& metrics;
    // Read anew for each call, so that it can be replaced.
    const Snapshot<AccessRules>& access;
    // The sessions'.
    Loop& loop;
    Random& random;
    AuditTrail& trail;
    CallerQuotas& quotas;
    // Null: tokens that callers show do not count.
    const BearerTokens* bearer_tokens = nullptr;
  };

  // Serves at once. INVALID_ARGUMENT or UNAVAILABLE if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           const Parts& parts);
  // Cuts off whoever is left. The sessions' loop must still run, and calls their callbacks.
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Where it listens, e.g. "127.0.0.1:8443" or "[::1]:8443".
  std::string address() const;

  // The next connection from `peer` is past the limits: the process's own, which asks whether the
  // listener is alive. Thread-safe.
  void LetPast(const PeerAddress& peer);

  // The health service says NOT_SERVING. All else goes on.
  void BeginDrain();

  // Takes no connection and no call any more (UNAVAILABLE, DRAINING). Once callers have heeded
  // that, but within a second, asks their connections to leave (GOAWAY) and ends all watches.
  // Whoever calls on regardless may see CANCELLED in that moment.
  void RefuseNew();

  // Waits until no call is in flight, but no longer than `grace`; then cuts off whoever is left.
  // Idle connections and health watches do not hold it up.
  void FinishCalls(absl::Duration grace);

 private:
  class Serving;
  explicit GrpcServer(std::unique_ptr<Serving> serving);

  const std::unique_ptr<Serving> serving_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_GRPC_SERVER_H_
