#ifndef CREDBROKER_SERVICE_MAIN_BROKER_H_
#define CREDBROKER_SERVICE_MAIN_BROKER_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "service/api/grpc_server.h"
#include "service/base/event_loop.h"
#include "service/base/worker_pool.h"
#include "service/main/config.h"
#include "service/model/tenant.h"
#include "service/ops/admin_server.h"
#include "service/ops/metrics.h"
#include "service/ops/readiness.h"
#include "service/sessions/session_manager.h"
#include "service/upstream/curl_http_client.h"
#include "service/upstream/scram_upstream.h"

namespace credbroker {

// The composition root: builds the service in order, and stops it in reverse.
class Broker {
 public:
  // Serves at once. UNAVAILABLE or INVALID_ARGUMENT if an address cannot be had.
  static absl::StatusOr<std::unique_ptr<Broker>> Start(const Config& config,
                                                       bool in_kubernetes_pod);
  ~Broker();

  // HOST:PORT of each listener: gRPC, then the admin endpoint if there is one.
  std::vector<std::string> addresses() const;

  // Ends as faults.md row 42 says: unready but serving for `drain_delay`, then nothing new, then
  // calls in flight, and what upstream is yet to be told, for at most `drain_grace`. Blocks.
  void Drain();

 private:
  explicit Broker(const Config& config);
  absl::Status Serve(bool in_kubernetes_pod);
  void EndRevocations(Instant deadline);
  void RefreshGauges();
  absl::Status ProbeListener() const;
  void TidySessions();

  const Config config_;
  const TenantDirectory tenants_;
  Metrics metrics_;
  Readiness readiness_;
  EventLoop loop_;
  CurlHttpClient http_;
  // Its threads end before the loop does, see ScramUpstream.
  std::unique_ptr<ThreadWorkerPool> workers_;
  ScramUpstream upstream_;
  SessionManager sessions_;
  std::unique_ptr<GrpcServer> grpc_;
  // The drain has begun to turn new connections away.
  std::atomic<bool> closing_ = false;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_BROKER_H_
