#ifndef CREDBROKER_SERVICE_MAIN_BROKER_H_
#define CREDBROKER_SERVICE_MAIN_BROKER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "service/api/grpc_server.h"
#include "service/api/server_tls.h"
#include "service/base/event_loop.h"
#include "service/base/snapshot.h"
#include "service/base/worker_pool.h"
#include "service/callers/authorizer.h"
#include "service/main/broker_reload.h"
#include "service/main/config.h"
#include "service/main/issuer_keys.h"
#include "service/main/reload.h"
#include "service/main/reload_thread.h"
#include "service/model/tenant.h"
#include "service/ops/admin_server.h"
#include "service/ops/audit_log.h"
#include "service/ops/audit_trail.h"
#include "service/ops/metrics.h"
#include "service/ops/readiness.h"
#include "service/sessions/session_manager.h"
#include "service/upstream/curl_http_client.h"
#include "service/upstream/scram_upstream.h"

namespace credbroker {

// The composition root: builds the service in order, and stops it in reverse.
class Broker : private ReloadTarget {
 public:
  // Serves at once what `config` says, which was loaded from `config_file`, and what that file
  // comes to say later. UNAVAILABLE or INVALID_ARGUMENT if an address cannot be had.
  static absl::StatusOr<std::unique_ptr<Broker>> Start(const std::string& config_file,
                                                       const Config& config,
                                                       bool in_kubernetes_pod);
  ~Broker() override;

  // HOST:PORT of each listener: gRPC, then the admin endpoint if there is one.
  std::vector<std::string> addresses() const;

  // Ends as faults.md row 42 says: unready but serving for `drain_delay`, then nothing new, then
  // calls in flight, and what upstream is yet to be told, for at most `drain_grace`. Blocks.
  void Drain();

  // After SIGHUP: looks for changes of the configuration now rather than soon, and goes on in a new
  // audit file, since the old one may have been renamed. Does not block.
  void OnHangup();

 private:
  Broker(const std::string& config_file, const Config& config, bool in_kubernetes_pod);

  // broker_reload.cc, on the thread that looks for changes.
  void Use(const Config& config) override;
  absl::StatusOr<Commit> LoadTls(const TlsFiles& files) override;
  absl::StatusOr<Commit> LoadKeySet(const std::string& file) override;
  void OnSecretsChanged() override;
  // On any thread: keys were fetched from a URL, or could not be.
  void OnKeySetFetched(const absl::Status& outcome);

  absl::Status Serve();
  absl::Status StartTls();
  absl::Status StartKubernetes();
  void EndRevocations(Instant deadline);
  void RefreshGauges();
  absl::Status ProbeListener() const;
  void TidySessions();
  void SumUpAudit();

  // What it was started with.
  const Config config_;
  const Surroundings surroundings_;
  // How it is to end.
  Snapshot<ServerConfig> server_;
  Snapshot<AccessRules> access_;
  Metrics metrics_;
  Readiness readiness_;
  EventLoop loop_;
  AuditLog audit_;
  AuditTrail trail_;
  CallerQuotas quotas_;
  CurlHttpClient http_;
  // Its threads end before the loop does, see ScramUpstream.
  std::unique_ptr<ThreadWorkerPool> workers_;
  ScramUpstream upstream_;
  SessionManager sessions_;
  // Absent: no Kubernetes token identifies a caller.
  std::optional<KubernetesTokens> kubernetes_;
  // Null: plaintext.
  std::shared_ptr<ServerTls> tls_;
  std::unique_ptr<GrpcServer> grpc_;
  // The drain has begun to turn new connections away.
  std::atomic<bool> closing_ = false;
  std::unique_ptr<AdminServer> admin_;
  Reload reload_;
  std::unique_ptr<ReloadThread> reloading_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_BROKER_H_
