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
#include "service/main/listener_probe.h"

namespace credbroker {
namespace {

constexpr absl::Duration kTidyPause = absl::Seconds(1);
// Deriving keys for a thousand logins must not delay a hit.
constexpr int kWorkerNiceness = 10;
constexpr absl::Duration kLongestMeasure = absl::Seconds(1);
constexpr absl::Duration kLongestProbe = absl::Seconds(2);

std::vector<std::shared_ptr<const Tenant>> Shared(const std::vector<Tenant>& tenants) {
  std::vector<std::shared_ptr<const Tenant>> shared;
  for (const Tenant& tenant : tenants) shared.push_back(std::make_shared<const Tenant>(tenant));
  return shared;
}

std::vector<std::string> Names(const std::vector<Tenant>& tenants) {
  std::vector<std::string> names;
  for (const Tenant& tenant : tenants) names.push_back(tenant.name);
  return names;
}

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace

Broker::Broker(const Config& config)
    : config_(config),
      tenants_(Shared(config.tenants)),
      metrics_(Names(config.tenants)),
      loop_(SystemClock(), "sessions"),
      http_(loop_, absl::StrCat("credbroker/", kVersion)),
      workers_(std::make_unique<ThreadWorkerPool>(Cores(), kWorkerNiceness)),
      upstream_({loop_, http_, *workers_, SystemRandom(), metrics_}, kVersion),
      sessions_({loop_, upstream_, SystemRandom(), metrics_}, config.sessions, tenants_) {}

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(const Config& config,
                                                      bool in_kubernetes_pod) {
  std::unique_ptr<Broker> broker(new Broker(config));
  CREDBROKER_RETURN_IF_ERROR(broker->Serve(in_kubernetes_pod));
  return broker;
}

absl::Status Broker::Serve(bool in_kubernetes_pod) {
  readiness_.SetOk("configuration");
  readiness_.SetOk("store");
  readiness_.SetOk("not-draining");
  GrpcServerOptions options;
  options.host = config_.server.listen.host;
  options.port = config_.server.listen.port;
  options.reflection = config_.server.reflection;
  options.max_connection_age = config_.server.max_connection_age;
  CREDBROKER_ASSIGN_OR_RETURN(
      grpc_, GrpcServer::Start(options, AccessPolicy{in_kubernetes_pod},
                               {sessions_, metrics_, tenants_, loop_, SystemRandom()}));
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
  return absl::OkStatus();
}

Broker::~Broker() {
  if (admin_ != nullptr) admin_->Stop();
  grpc_.reset();
  loop_.Stop();
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
  if (config_.server.drain_delay > absl::ZeroDuration()) {
    absl::Notification().WaitForNotificationWithTimeout(config_.server.drain_delay);
  }
  closing_ = true;
  sessions_.HastenRevocations();
  grpc_->RefuseNew();
  const Instant deadline = loop_.Now() + config_.server.drain_grace;
  grpc_->FinishCalls(config_.server.drain_grace);
  EndRevocations(deadline);
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
  return credbroker::ProbeListener({.address = grpc_->address()}, kLongestProbe,
                                   [this](const PeerAddress& peer) { grpc_->LetPast(peer); });
}

void Broker::TidySessions() {
  sessions_.Tidy();
  loop_.After(kTidyPause, [this] { TidySessions(); });
}

}  // namespace credbroker
