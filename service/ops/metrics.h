#ifndef CREDBROKER_SERVICE_OPS_METRICS_H_
#define CREDBROKER_SERVICE_OPS_METRICS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace credbroker {

// The values of the label `outcome` of credbroker_token_requests_total.
enum class TokenOutcome { kHit, kJoined, kFetched, kStale, kRefused, kFailed };

// The values of the labels `call` and `outcome` of credbroker_upstream_requests_total.
enum class UpstreamCall { kScramFirst, kScramFinal, kRefresh, kLogout };
enum class UpstreamOutcome {
  kOk,
  kRejected,
  kForbidden,
  kDead,
  kUnavailable,
  kMalformed,
  kUntrusted
};

// The values of the label `source` of credbroker_reload_failures_total and
// credbroker_config_generation: what can be loaded anew while the service runs.
enum class ReloadSource { kConfig, kTls, kSecret, kJwks };

// As in the label, e.g. "jwks".
absl::string_view ReloadSourceName(ReloadSource source);

// What one tenant's sessions look like now, for the gauges.
struct TenantGauges {
  std::string tenant;
  // Sessions by state, in lower case, e.g. {"live", 3}. Every state is there.
  std::vector<std::pair<std::string, int>> sessions;
  // The shortest remaining life of a session's token; nothing if there is none.
  std::optional<absl::Duration> remaining_min;
  int held_back = 0;
};

// Every metric of the service: their names, kinds and labels are in metrics.cc and nowhere else.
//
// Thread-safe. Counting is a look-up of the tenant or rpc, an increment and, where there is a
// duration, a lock held for a few instructions; it allocates only when a histogram is first needed.
// Tenants are made known first, so that every label value is bounded by the configuration: counting
// for an unknown one does nothing. Counters exist from then on, at 0, so that a rate sees the first
// increment.
class Metrics {
 public:
  // Tenants named twice count once.
  explicit Metrics(const std::vector<std::string>& tenants);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `rpc` is the method's name in the proto, e.g. "GetToken"; others are not counted.
  void CountRpc(absl::string_view rpc, absl::StatusCode code, absl::Duration duration);
  void CountTokenRequest(absl::string_view tenant, TokenOutcome outcome);
  void CountUpstreamRequest(absl::string_view tenant, UpstreamCall call, UpstreamOutcome outcome,
                            absl::Duration duration);
  void CountUpstreamUntrusted(absl::string_view tenant);
  void CountRevocationLost(absl::string_view tenant);
  void CountLoginOutcomeUnknown(absl::string_view tenant);

  // More tenants. Those that are known already, also those that are configured no more, go on
  // counting where they were.
  void AddTenants(const std::vector<std::string>& tenants);

  // Another content of `source` is in force; one was refused.
  void CountReload(ReloadSource source);
  void CountReloadFailure(ReloadSource source);

  // Replaces the gauges of all tenants: one that is not named has no sessions.
  void SetTenantGauges(const std::vector<TenantGauges>& gauges);

  // The Prometheus text format, version 0.0.4.
  std::string Render() const;

 private:
  struct Series;
  const std::unique_ptr<Series> series_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_METRICS_H_
