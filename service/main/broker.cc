#include "service/main/broker.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"

#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/base/random.h"
#include "service/base/status_macros.h"
#include "service/base/version.h"
#include "service/main/config_change.h"
#include "service/main/listener_probe.h"

namespace credbroker {
namespace {

constexpr absl::Duration kTidyPause = absl::Seconds(1);
// Deriving keys for a thousand logins must not delay a hit.
constexpr int kWorkerNiceness = 10;
constexpr absl::Duration kLongestMeasure = absl::Seconds(1);
constexpr absl::Duration kAuditSumPause = absl::Minutes(1);
constexpr absl::Duration kLongestSum = absl::Seconds(5);
constexpr absl::Duration kLongestProbe = absl::Seconds(2);

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace

Broker::Broker(const std::string& config_file, const Config& config, bool in_kubernetes_pod)
    : config_(config),
      surroundings_{in_kubernetes_pod, /*plaintext=*/!config.server.tls.has_value()},
      server_(std::make_shared<const ServerConfig>(config.server)),
      access_(RulesOf(config, DirectoryOf(config.tenants, TenantDirectory({})), surroundings_)),
      metrics_(NamesOf(config.tenants)),
      loop_(SystemClock(), "sessions"),
      audit_(config.audit, loop_),
      trail_(audit_),
      quotas_(config.caller_limits.in_flight_per_caller),
      http_(loop_, absl::StrCat("credbroker/", kVersion)),
      workers_(std::make_unique<ThreadWorkerPool>(Cores(), WorkerManners{kWorkerNiceness})),
      upstream_({loop_, http_, *workers_, SystemRandom(), metrics_}, kVersion),
      sessions_({loop_, upstream_, SystemRandom(), metrics_, &audit_}, config.sessions,
                *access_.Get()->tenants),
      reload_(config_file, config, {*this, metrics_, audit_, SystemRandom(), SystemClock()}) {}

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(const std::string& config_file,
                                                      const Config& config,
                                                      bool in_kubernetes_pod) {
  std::unique_ptr<Broker> broker(new Broker(config_file, config, in_kubernetes_pod));
  CREDBROKER_RETURN_IF_ERROR(broker->Serve());
  return broker;
}

absl::Status Broker::Serve() {
  readiness_.SetOk("configuration");
  readiness_.SetOk("store");
  readiness_.SetOk("not-draining");
  GrpcServerOptions options;
  options.host = config_.server.listen.host;
  options.port = config_.server.listen.port;
  CREDBROKER_RETURN_IF_ERROR(StartTls());
  CREDBROKER_RETURN_IF_ERROR(StartKubernetes());
  options.tls = tls_;
  options.connections = config_.connection_limits;
  options.reflection = config_.server.reflection;
  options.max_connection_age = config_.server.max_connection_age;
  CREDBROKER_ASSIGN_OR_RETURN(
      grpc_, GrpcServer::Start(
                 options, {sessions_, metrics_, access_, loop_, SystemRandom(), trail_, quotas_,
                           kubernetes_.has_value() ? &kubernetes_->tokens() : nullptr}));
  if (config_.admin.has_value()) {
    AdminOptions admin;
    admin.host = config_.admin->listen.host;
    admin.port = config_.admin->listen.port;
    AdminHooks hooks;
    hooks.before_scrape = [this] { RefreshGauges(); };
    hooks.probe = [this] { return ProbeListener(); };
    CREDBROKER_ASSIGN_OR_RETURN(admin_,
                                AdminServer::Start(admin, metrics_, readiness_, std::move(hooks)));
  }
  loop_.Post([this] { TidySessions(); });
  reloading_ = std::make_unique<ReloadThread>(reload_);
  loop_.Post([this] { SumUpAudit(); });
  sessions_.SetUpstreamRate(config_.caller_limits.upstream_calls_per_caller_per_second);
  return absl::OkStatus();
}

absl::Status Broker::StartTls() {
  if (!config_.server.tls.has_value()) return absl::OkStatus();
  CREDBROKER_ASSIGN_OR_RETURN(TlsBundle bundle,
                              LoadTlsBundle(*config_.server.tls, SystemClock().Wall()));
  WarnOfConcerns(bundle);
  tls_ = std::make_shared<ServerTls>(std::move(bundle), config_.kubernetes.has_value());
  return absl::OkStatus();
}

absl::Status Broker::StartKubernetes() {
  if (!config_.kubernetes.has_value()) return absl::OkStatus();
  const bool from_file = config_.kubernetes->jwks_url.empty();
  KeySource::Report report;
  // Of a file, Reload says what becomes of it.
  if (!from_file) report = [this](const absl::Status& outcome) { OnKeySetFetched(outcome); };
  kubernetes_.emplace(*config_.kubernetes, http_, loop_, *workers_, std::move(report));
  if (!from_file) return absl::OkStatus();
  CREDBROKER_ASSIGN_OR_RETURN(Commit commit, LoadKeySet(config_.kubernetes->jwks_file));
  commit();
  return absl::OkStatus();
}

Broker::~Broker() {
  reloading_.reset();
  if (admin_ != nullptr) admin_->Stop();
  grpc_.reset();
  loop_.Stop();
  audit_.Stop();
  workers_.reset();
}

std::vector<std::string> Broker::addresses() const {
  std::vector<std::string> addresses = {grpc_->address()};
  if (admin_ != nullptr) {
    HostPort admin = config_.admin->listen;
    admin.port = static_cast<uint16_t>(admin_->port());
    addresses.push_back(admin.ToString());
  }
  return addresses;
}

void Broker::Drain() {
  Log(LogLevel::kInfo, "draining");
  readiness_.SetFailing("not-draining", "the service is shutting down");
  grpc_->BeginDrain();
  const std::shared_ptr<const ServerConfig> server = server_.Get();
  if (server->drain_delay > absl::ZeroDuration()) {
    absl::Notification().WaitForNotificationWithTimeout(server->drain_delay);
  }
  closing_ = true;
  sessions_.HastenRevocations();
  grpc_->RefuseNew();
  const Instant deadline = loop_.Now() + server->drain_grace;
  grpc_->FinishCalls(server->drain_grace);
  EndRevocations(deadline);
  auto summed = std::make_shared<absl::Notification>();
  trail_.SumUp([summed] { summed->Notify(); });
  summed->WaitForNotificationWithTimeout(kLongestSum);
}

void Broker::OnHangup() {
  audit_.Reopen();
  reloading_->Ask();
}

// Whoever was logged out while upstream was away is to be logged out there too, in what is left of
// the time.
void Broker::EndRevocations(Instant deadline) {
  auto ended = std::make_shared<absl::Notification>();
  sessions_.EndRevocations(deadline, [ended] { ended->Notify(); });
  ended->WaitForNotification();
}

// A scraper waits for this, so not for ever.
void Broker::RefreshGauges() {
  auto measured = std::make_shared<absl::Notification>();
  sessions_.Measure([this, measured](const std::vector<TenantGauges>& gauges) {
    metrics_.SetTenantGauges(gauges);
    measured->Notify();
  });
  measured->WaitForNotificationWithTimeout(kLongestMeasure);
}

// A listener that the drain has closed is no reason to kill the process before its calls have
// ended.
absl::Status Broker::ProbeListener() const {
  if (closing_) return absl::OkStatus();
  return credbroker::ProbeListener({grpc_->address(), tls_ != nullptr}, kLongestProbe,
                                   [this](const PeerAddress& peer) { grpc_->LetPast(peer); });
}

void Broker::SumUpAudit() {
  trail_.SumUp();
  loop_.After(kAuditSumPause, [this] { SumUpAudit(); });
}

void Broker::TidySessions() {
  sessions_.Tidy();
  loop_.After(kTidyPause, [this] { TidySessions(); });
}

}  // namespace credbroker
