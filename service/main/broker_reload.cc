// What the broker does when its configuration, or a file that it names, has changed.

#include "service/main/broker_reload.h"

#include <utility>

#include "absl/status/status.h"

#include "service/base/clock.h"
#include "service/base/log.h"
#include "service/base/status_macros.h"
#include "service/main/broker.h"
#include "service/main/config_change.h"
#include "service/main/config_files.h"
#include "service/main/reload_report.h"

namespace credbroker {

std::shared_ptr<const AccessRules> RulesOf(const Config& config,
                                           std::shared_ptr<const TenantDirectory> tenants,
                                           const Surroundings& surroundings) {
  AccessPolicy policy;
  policy.in_kubernetes_pod = surroundings.in_kubernetes_pod;
  policy.plaintext = surroundings.plaintext;
  policy.operators = config.operators;
  return std::make_shared<const AccessRules>(AccessRules{std::move(tenants), policy});
}

void WarnOfConcerns(const TlsBundle& bundle) {
  for (const std::string& concern : bundle.concerns()) {
    Log(LogLevel::kWarning, "certificate_warning", {{"concern", concern}});
  }
}

void Broker::Use(const Config& config) {
  for (const std::string& field : FieldsThatNeedARestart(config_, config)) {
    Log(LogLevel::kWarning, "restart_needed",
        {{"field", field}, {"why", "it has changed, and keeps its value until the next start"}});
  }
  metrics_.AddTenants(NamesOf(config.tenants));
  auto tenants = DirectoryOf(config.tenants, *access_.Get()->tenants);
  // The sessions take them up when their loop comes to it. A call that was let in by rules of
  // another configuration than they go by is answered only if the account is the same user in both.
  sessions_.ReplaceTenants(tenants);
  access_.Replace(RulesOf(config, std::move(tenants), surroundings_));
  server_.Replace(std::make_shared<const ServerConfig>(config.server));
}

absl::StatusOr<ReloadTarget::Commit> Broker::LoadTls(const TlsFiles& files) {
  CREDBROKER_ASSIGN_OR_RETURN(TlsBundle bundle, LoadTlsBundle(files, SystemClock().Wall()));
  // So that Replace cannot fail.
  if (bundle.has_client_ca() != tls_->current()->has_client_ca()) {
    return absl::FailedPreconditionError(
        "client_ca_file: whether callers are asked for certificates cannot change");
  }
  return [this, bundle = std::move(bundle)]() mutable {
    WarnOfConcerns(bundle);
    tls_->Replace(std::move(bundle)).IgnoreError();
  };
}

absl::StatusOr<ReloadTarget::Commit> Broker::LoadKeySet(const std::string& file) {
  if (!kubernetes_.has_value()) {
    return absl::FailedPreconditionError("no Kubernetes token identifies a caller");
  }
  CREDBROKER_ASSIGN_OR_RETURN(std::string text, ReadKeySet(file));
  // It is one, so Offer cannot fail.
  return [this, text = std::move(text)]() mutable {
    kubernetes_->keys().Offer(std::move(text)).IgnoreError();
  };
}

void Broker::OnSecretsChanged() { sessions_.OnCredentialsChanged(); }

void Broker::OnKeySetFetched(const absl::Status& outcome) {
  if (outcome.ok()) {
    TellReloaded(ReloadSource::kJwks, metrics_, audit_);
    return;
  }
  TellReloadRefused(ReloadSource::kJwks, metrics_, audit_);
  Log(LogLevel::kError, "reload_refused",
      {{"source", ReloadSourceName(ReloadSource::kJwks)},
       {"fault", outcome.message()},
       {"in_force", "what was loaded last"}});
}

}  // namespace credbroker
