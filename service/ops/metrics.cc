#include "service/ops/metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

#include "service/base/version.h"

namespace credbroker {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

// In the order of the service's methods in the proto.
constexpr std::array<const char*, 6> kRpcs = {"GetToken",   "Login",  "Refresh",
                                              "WatchToken", "Logout", "ListSessions"};
// In the order of TokenOutcome, UpstreamCall and UpstreamOutcome.
constexpr std::array<const char*, 6> kTokenOutcomes = {"hit",   "joined",  "fetched",
                                                       "stale", "refused", "failed"};
constexpr std::array<const char*, 4> kUpstreamCalls = {"scram_first", "scram_final", "refresh",
                                                       "logout"};
constexpr std::array<const char*, 7> kUpstreamOutcomes = {
    "ok", "rejected", "forbidden", "dead", "unavailable", "malformed", "untrusted"};
// In the order of ReloadSource.
constexpr std::array<const char*, 4> kReloadSources = {"config", "tls", "secret", "jwks"};
// The gRPC codes, 0 to 16.
constexpr size_t kCodes = 17;

// A hit takes microseconds, a cold login up to the caller's deadline (30 s without one).
const Histogram::BucketBoundaries& RpcBuckets() {
  static const auto& buckets = *new Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};
  return buckets;
}

// A network away, and `request_timeout` (10 s if unset) at most.
const Histogram::BucketBoundaries& UpstreamBuckets() {
  static const auto& buckets =
      *new Histogram::BucketBoundaries{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  return buckets;
}

template <typename Enum>
size_t Index(Enum value) {
  return static_cast<size_t>(value);
}

std::string CodeName(size_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

Family<Counter>& AddCounter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& AddGauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& AddHistogram(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// A histogram that is made when it is first needed: most pairs of call and outcome never happen,
// and each histogram is a screenful in every scrape.
class LazyHistogram {
 public:
  // `family` and `buckets` are the same at every call, and so are the labels that `labels` returns.
  template <typename MakeLabels>
  void Observe(absl::Duration duration, Family<Histogram>& family,
               const Histogram::BucketBoundaries& buckets, MakeLabels labels) {
    Histogram* histogram = histogram_.load(std::memory_order_acquire);
    if (histogram == nullptr) {
      // Two threads may come here at once: the family answers both with the same child.
      histogram = &family.Add(labels(), buckets);
      histogram_.store(histogram, std::memory_order_release);
    }
    histogram->Observe(std::max(0.0, absl::ToDoubleSeconds(duration)));
  }

 private:
  std::atomic<Histogram*> histogram_ = nullptr;
};

// The children of one rpc.
struct RpcSeries {
  std::array<Counter*, kCodes> requests;
  std::array<LazyHistogram, kCodes> durations;
};

// The children of one tenant.
struct TenantSeries {
  std::array<Counter*, kTokenOutcomes.size()> token_requests;
  std::array<std::array<Counter*, kUpstreamOutcomes.size()>, kUpstreamCalls.size()>
      upstream_requests;
  std::array<std::array<LazyHistogram, kUpstreamOutcomes.size()>, kUpstreamCalls.size()>
      upstream_durations;
  Counter* upstream_untrusted;
  Counter* revocations_lost;
  Counter* login_outcome_unknown;
  Gauge* accounts_held_back;
  // These come and go with SetTenantGauges, under its lock.
  Gauge* session_remaining_seconds_min = nullptr;
  std::map<std::string, Gauge*> sessions;
};

using GaugesByTenant = absl::flat_hash_map<std::string, const TenantGauges*>;

}  // namespace

// The children are looked up once and kept: a look-up by labels costs a dozen increments.
struct Metrics::Series {
  Registry registry;

  Family<Counter>& rpcs =
      AddCounter(registry, "credbroker_rpcs_total", "Calls of the gRPC API that have ended.");
  Family<Histogram>& rpc_durations = AddHistogram(
      registry, "credbroker_rpc_duration_seconds",
      "Time from the arrival of a call of the gRPC API to its end; for WatchToken, of the stream.");
  Family<Counter>& token_requests =
      AddCounter(registry, "credbroker_token_requests_total",
                 "Requests for a token, by how they were answered: from the cache (hit), with the "
                 "outcome of an exchange that was running (joined) or was started (fetched), from "
                 "the cache although a refresh is overdue (stale), refused or failed.");
  Family<Counter>& upstream_requests =
      AddCounter(registry, "credbroker_upstream_requests_total", "Requests to the upstream API.");
  Family<Histogram>& upstream_durations =
      AddHistogram(registry, "credbroker_upstream_request_duration_seconds",
                   "Time that the upstream API took to answer a request.");
  Family<Gauge>& sessions =
      AddGauge(registry, "credbroker_sessions", "Accounts, by the state of their session.");
  Family<Gauge>& session_remaining_seconds_min = AddGauge(
      registry, "credbroker_session_remaining_seconds_min",
      "The shortest remaining life of a session's token: the upstream outage that could be "
      "survived now. Absent while there is no session.");
  Family<Gauge>& accounts_held_back =
      AddGauge(registry, "credbroker_accounts_held_back",
               "Accounts with which the broker does not log in for now, since the upstream API "
               "rejected them.");
  Family<Counter>& upstream_untrusted =
      AddCounter(registry, "credbroker_upstream_untrusted_total",
                 "Login exchanges in which the upstream API did not prove who it is.");
  Family<Counter>& revocations_lost =
      AddCounter(registry, "credbroker_revocations_lost_total",
                 "Sessions that were logged out here but possibly not in the upstream API.");
  Family<Counter>& login_outcome_unknown =
      AddCounter(registry, "credbroker_login_outcome_unknown_total",
                 "Logins whose answer was lost: the upstream API may hold a session that nobody "
                 "knows.");
  Family<Counter>& reload_failures =
      AddCounter(registry, "credbroker_reload_failures_total",
                 "Changes of a source that were refused; what was loaded before stays in force.");
  Family<Gauge>& config_generation =
      AddGauge(registry, "credbroker_config_generation",
               "How many versions of a source have been in force since the start.");
  Family<Gauge>& build_info =
      AddGauge(registry, "credbroker_build_info", "Always 1; the label says what is running.");

  using ByTenant = absl::flat_hash_map<std::string, std::unique_ptr<TenantSeries>>;

  // The keys do not change after the constructor.
  absl::flat_hash_map<std::string, std::unique_ptr<RpcSeries>> by_rpc;
  ByTenant by_tenant;
  // Those of tenants that came later. They cost a lock, which the others need not pay.
  mutable absl::Mutex later_mutex;
  ByTenant by_later_tenant ABSL_GUARDED_BY(later_mutex);
  std::array<Counter*, kReloadSources.size()> reload_failures_by_source;
  std::array<Gauge*, kReloadSources.size()> config_generation_by_source;
  absl::Mutex gauges_mutex;

  void AddRpc(const char* rpc);
  void AddTenant(const std::string& tenant, ByTenant& to);
  void AddReloadSources();
  TenantSeries* FindTenant(absl::string_view tenant) const;
  void SetGaugesOf(const ByTenant& tenants, const GaugesByTenant& gauges)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(gauges_mutex);
  void SetGauges(const std::string& tenant, TenantSeries& series, const TenantGauges& now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(gauges_mutex);
};

void Metrics::Series::AddRpc(const char* rpc) {
  auto series = std::make_unique<RpcSeries>();
  for (size_t code = 0; code < kCodes; ++code)
    series->requests[code] = &rpcs.Add({{"rpc", rpc}, {"code", CodeName(code)}});
  by_rpc.emplace(rpc, std::move(series));
}

void Metrics::Series::AddTenant(const std::string& tenant, ByTenant& to) {
  auto series = std::make_unique<TenantSeries>();
  for (size_t i = 0; i < kTokenOutcomes.size(); ++i)
    series->token_requests[i] =
        &token_requests.Add({{"tenant", tenant}, {"outcome", kTokenOutcomes[i]}});
  for (size_t call = 0; call < kUpstreamCalls.size(); ++call)
    for (size_t outcome = 0; outcome < kUpstreamOutcomes.size(); ++outcome)
      series->upstream_requests[call][outcome] =
          &upstream_requests.Add({{"tenant", tenant},
                                  {"call", kUpstreamCalls[call]},
                                  {"outcome", kUpstreamOutcomes[outcome]}});
  series->upstream_untrusted = &upstream_untrusted.Add({{"tenant", tenant}});
  series->revocations_lost = &revocations_lost.Add({{"tenant", tenant}});
  series->login_outcome_unknown = &login_outcome_unknown.Add({{"tenant", tenant}});
  series->accounts_held_back = &accounts_held_back.Add({{"tenant", tenant}});
  to.emplace(tenant, std::move(series));
}

void Metrics::Series::AddReloadSources() {
  for (size_t i = 0; i < kReloadSources.size(); ++i) {
    reload_failures_by_source[i] = &reload_failures.Add({{"source", kReloadSources[i]}});
    config_generation_by_source[i] = &config_generation.Add({{"source", kReloadSources[i]}});
    config_generation_by_source[i]->Set(1);
  }
}

TenantSeries* Metrics::Series::FindTenant(absl::string_view tenant) const {
  if (const auto found = by_tenant.find(tenant); found != by_tenant.end()) {
    return found->second.get();
  }
  const absl::ReaderMutexLock lock(&later_mutex);
  const auto found = by_later_tenant.find(tenant);
  return found == by_later_tenant.end() ? nullptr : found->second.get();
}

void Metrics::Series::SetGaugesOf(const ByTenant& tenants, const GaugesByTenant& gauges) {
  const TenantGauges nothing;
  for (const auto& [tenant, series] : tenants) {
    const auto found = gauges.find(tenant);
    SetGauges(tenant, *series, found == gauges.end() ? nothing : *found->second);
  }
}

void Metrics::Series::SetGauges(const std::string& tenant, TenantSeries& series,
                                const TenantGauges& now) {
  for (const auto& [state, gauge] : series.sessions) gauge->Set(0);
  for (const auto& [state, count] : now.sessions) {
    Gauge*& gauge = series.sessions[state];
    if (gauge == nullptr) gauge = &sessions.Add({{"tenant", tenant}, {"state", state}});
    gauge->Set(count);
  }
  series.accounts_held_back->Set(now.held_back);

  // Absent, not 0: nothing is about to run out where there is nothing.
  Gauge*& remaining = series.session_remaining_seconds_min;
  if (now.remaining_min.has_value()) {
    if (remaining == nullptr) remaining = &session_remaining_seconds_min.Add({{"tenant", tenant}});
    remaining->Set(std::max(0.0, absl::ToDoubleSeconds(*now.remaining_min)));
  } else if (remaining != nullptr) {
    session_remaining_seconds_min.Remove(remaining);
    remaining = nullptr;
  }
}

Metrics::Metrics(const std::vector<std::string>& tenants) : series_(std::make_unique<Series>()) {
  for (const char* rpc : kRpcs) series_->AddRpc(rpc);
  for (const std::string& tenant : tenants) series_->AddTenant(tenant, series_->by_tenant);
  series_->AddReloadSources();
  series_->build_info.Add({{"version", kVersion}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::CountRpc(absl::string_view rpc, absl::StatusCode code, absl::Duration duration) {
  const auto found = series_->by_rpc.find(rpc);
  if (found == series_->by_rpc.end()) return;
  const size_t index = Index(code) < kCodes ? Index(code) : Index(absl::StatusCode::kUnknown);
  found->second->requests[index]->Increment();
  found->second->durations[index].Observe(duration, series_->rpc_durations, RpcBuckets(), [&] {
    return prometheus::Labels{{"rpc", std::string(rpc)}, {"code", CodeName(index)}};
  });
}

void Metrics::CountTokenRequest(absl::string_view tenant, TokenOutcome outcome) {
  TenantSeries* series = series_->FindTenant(tenant);
  if (series == nullptr) return;
  series->token_requests[Index(outcome)]->Increment();
}

void Metrics::CountUpstreamRequest(absl::string_view tenant, UpstreamCall call,
                                   UpstreamOutcome outcome, absl::Duration duration) {
  TenantSeries* series = series_->FindTenant(tenant);
  if (series == nullptr) return;
  series->upstream_requests[Index(call)][Index(outcome)]->Increment();
  series->upstream_durations[Index(call)][Index(outcome)].Observe(
      duration, series_->upstream_durations, UpstreamBuckets(), [&] {
        return prometheus::Labels{{"tenant", std::string(tenant)},
                                  {"call", kUpstreamCalls[Index(call)]},
                                  {"outcome", kUpstreamOutcomes[Index(outcome)]}};
      });
}

void Metrics::CountUpstreamUntrusted(absl::string_view tenant) {
  TenantSeries* series = series_->FindTenant(tenant);
  if (series != nullptr) series->upstream_untrusted->Increment();
}

void Metrics::CountRevocationLost(absl::string_view tenant) {
  TenantSeries* series = series_->FindTenant(tenant);
  if (series != nullptr) series->revocations_lost->Increment();
}

void Metrics::CountLoginOutcomeUnknown(absl::string_view tenant) {
  TenantSeries* series = series_->FindTenant(tenant);
  if (series != nullptr) series->login_outcome_unknown->Increment();
}

void Metrics::AddTenants(const std::vector<std::string>& tenants) {
  const absl::MutexLock lock(&series_->later_mutex);
  for (const std::string& tenant : tenants) {
    if (series_->by_tenant.contains(tenant) || series_->by_later_tenant.contains(tenant)) continue;
    series_->AddTenant(tenant, series_->by_later_tenant);
  }
}

absl::string_view ReloadSourceName(ReloadSource source) {
  return kReloadSources[static_cast<size_t>(source)];
}

void Metrics::CountReload(ReloadSource source) {
  series_->config_generation_by_source[Index(source)]->Increment();
}

void Metrics::CountReloadFailure(ReloadSource source) {
  series_->reload_failures_by_source[Index(source)]->Increment();
}

void Metrics::SetTenantGauges(const std::vector<TenantGauges>& gauges) {
  GaugesByTenant by_name;
  for (const TenantGauges& tenant : gauges) by_name[tenant.tenant] = &tenant;
  const absl::MutexLock lock(&series_->gauges_mutex);
  series_->SetGaugesOf(series_->by_tenant, by_name);
  const absl::ReaderMutexLock later_lock(&series_->later_mutex);
  series_->SetGaugesOf(series_->by_later_tenant, by_name);
}

std::string Metrics::Render() const {
  return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace credbroker
