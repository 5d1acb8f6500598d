#include "service/main/reload.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "service/base/log.h"
#include "service/main/config_reader.h"
#include "service/main/reload_report.h"

namespace credbroker {
namespace {

// Of the faults of one attempt; the count says how many there are.
constexpr size_t kMostLogged = 10;
constexpr int kMostReads = 3;
constexpr absl::Duration kCostly = absl::Milliseconds(100);
constexpr absl::Duration kCostlyPause = absl::Seconds(10);

}  // namespace

Reload::Reload(std::string config_file, const Config& config, const Parts& parts)
    : config_file_(std::move(config_file)),
      parts_(parts),
      config_(config),
      tls_files_(config.server.tls),
      kubernetes_(config.kubernetes),
      fingerprints_(parts.random) {
  tls_source_.in_force = FingerprintOf(TlsFileNames());
  if (kubernetes_.has_value()) {
    key_set_source_.in_force = FingerprintOf({kubernetes_->jwks_file});
  }
  LookAtSecrets(/*first=*/true);
}

void Reload::Look(bool asked) {
  if (asked) {
    for (Source* source : {&config_source_, &tls_source_, &key_set_source_}) {
      source->refused.clear();
      source->told.clear();
    }
    for (auto& [file, source] : secrets_) source.told.clear();
  }
  LookAtConfig();
  if (tls_files_.has_value()) {
    LookAtFiles(tls_source_, TlsFileNames(), [this] { return parts_.target.LoadTls(*tls_files_); });
  }
  if (kubernetes_.has_value() && !kubernetes_->jwks_file.empty()) {
    const std::string& file = kubernetes_->jwks_file;
    LookAtFiles(key_set_source_, {file}, [&] { return parts_.target.LoadKeySet(file); });
  }
  LookAtSecrets(/*first=*/false);
  fingerprints_.EndRound();
}

void Reload::LookAtFiles(Source& source, const std::vector<std::string>& files,
                         absl::FunctionRef<absl::StatusOr<ReloadTarget::Commit>()> load) {
  std::string now = FingerprintOf(files);
  if (now == source.in_force) {
    source.refused.clear();
    source.told.clear();
    return;
  }
  if (now == source.refused) return;
  absl::StatusOr<ReloadTarget::Commit> loaded = load();
  if (FingerprintOf(files) != now) return;
  if (!loaded.ok()) {
    Refuse(source, std::move(now), {{0, "", std::string(loaded.status().message())}});
    return;
  }
  (*loaded)();
  Accept(source, std::move(now));
}

// What was refused is read again although it is the same: the fault may lie in a file that it
// names, of which nothing else is known.
void Reload::LookAtConfig() {
  std::vector<std::string> files = FilesOf(config_);
  const std::string now = FingerprintOf(files);
  if (now == config_source_.in_force) {
    config_source_.refused.clear();
    config_source_.told.clear();
    return;
  }
  if (now == config_source_.refused && parts_.clock.Steady() < not_before_) return;
  for (int reads = 0; reads < kMostReads; ++reads) {
    std::string before = FingerprintOf(files);
    const Instant start = parts_.clock.Steady();
    std::variant<Config, Faults> loaded = LoadConfig(config_file_);
    const Instant end = parts_.clock.Steady();
    if (end - start > kCostly) not_before_ = end + kCostlyPause;
    if (FingerprintOf(files) != before) continue;  // It changed meanwhile.
    if (const auto* faults = std::get_if<Faults>(&loaded)) {
      Refuse(config_source_, std::move(before), *faults);
      return;
    }
    auto& config = std::get<Config>(loaded);
    if (FilesOf(config) == files) {
      AcceptConfig(std::move(config), std::move(before));
      return;
    }
    files = FilesOf(config);
  }
}

void Reload::AcceptConfig(Config config, std::string fingerprint) {
  const bool first = config_source_.in_force.empty();
  if (first && config == config_) {
    config_source_.in_force = std::move(fingerprint);
    return;
  }
  parts_.target.Use(config);
  if (tls_files_.has_value() && config.server.tls.has_value()) {
    // Whether there is such a file is settled when the listener starts.
    const std::string client_ca = std::exchange(tls_files_, config.server.tls)->client_ca_file;
    if (client_ca.empty() != tls_files_->client_ca_file.empty()) {
      tls_files_->client_ca_file = client_ca;
    }
  }
  config_ = std::move(config);
  for (const Fault& warning : CheckSecrets(config_).warnings) {
    Log(LogLevel::kWarning, "configuration_warning", {{"fault", Describe(warning, config_file_)}});
  }
  Accept(config_source_, std::move(fingerprint));
}

void Reload::LookAtSecrets(bool first) {
  bool changed = false;
  for (const SecretFile& secret : config_.secret_files) {
    changed = LookAtSecret(secret, first) || changed;
  }
  if (changed) parts_.target.OnSecretsChanged();
  if (secrets_.size() == config_.secret_files.size()) return;
  absl::flat_hash_map<std::string, Source> named;
  for (const SecretFile& secret : config_.secret_files) {
    named.try_emplace(secret.file, std::move(secrets_[secret.file]));
  }
  secrets_ = std::move(named);
}

// Whether it was another before. What is seen for the first time is no change.
bool Reload::LookAtSecret(const SecretFile& secret, bool first) {
  const auto [known, added] =
      secrets_.try_emplace(secret.file, Source{ReloadSource::kSecret, "", "", ""});
  Source& source = known->second;
  std::string now = fingerprints_.Of(secret.file, parts_.clock.Wall());
  if (now == source.in_force) {
    source.refused.clear();
    source.told.clear();
    return false;
  }
  if (now == source.refused && !source.told.empty()) return false;
  const absl::Status status = CheckSecret(secret);
  if (fingerprints_.Of(secret.file, parts_.clock.Wall()) != now) return false;
  if (!status.ok() && first) {
    // Whoever starts the service says so.
    source.refused = std::move(now);
    source.told = std::string(status.message());
    return false;
  }
  if (!status.ok()) {
    Refuse(source, std::move(now), {{secret.line, secret.field, std::string(status.message())}});
    return false;
  }
  if (added) {
    source.in_force = std::move(now);
    return false;
  }
  Accept(source, std::move(now));
  return true;
}

void Reload::Accept(Source& source, std::string fingerprint) {
  source.in_force = std::move(fingerprint);
  source.refused.clear();
  source.told.clear();
  TellReloaded(source.label, parts_.metrics, parts_.audit);
}

void Reload::Refuse(Source& source, std::string fingerprint, const Faults& faults) {
  std::string text = DescribeAll(faults, config_file_);
  const bool is_news = fingerprint != source.refused || text != source.told;
  source.refused = std::move(fingerprint);
  if (!is_news) return;
  TellReloadRefused(source.label, parts_.metrics, parts_.audit);
  if (text == std::exchange(source.told, text)) return;
  for (size_t i = 0; i < std::min(faults.size(), kMostLogged); ++i) {
    Log(LogLevel::kError, "reload_refused",
        {{"source", ReloadSourceName(source.label)},
         {"fault", Describe(faults[i], config_file_)},
         {"faults", static_cast<int>(faults.size())},
         {"in_force", "what was loaded last"}});
  }
}

// What a configuration is made of: its own file, and those that become part of it.
std::vector<std::string> Reload::FilesOf(const Config& config) const {
  std::vector<std::string> files = {config_file_};
  for (const Tenant& tenant : config.tenants) {
    if (!tenant.ca_file.empty()) files.push_back(tenant.ca_file);
  }
  return files;
}

std::vector<std::string> Reload::TlsFileNames() const {
  if (!tls_files_.has_value()) return {};
  std::vector<std::string> files = {tls_files_->certificate_file, tls_files_->private_key_file};
  if (!tls_files_->client_ca_file.empty()) files.push_back(tls_files_->client_ca_file);
  return files;
}

std::string Reload::FingerprintOf(const std::vector<std::string>& files) {
  return fingerprints_.Of(files, parts_.clock.Wall());
}

}  // namespace credbroker
