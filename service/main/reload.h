#ifndef CREDBROKER_SERVICE_MAIN_RELOAD_H_
#define CREDBROKER_SERVICE_MAIN_RELOAD_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/clock.h"
#include "service/base/random.h"
#include "service/main/config.h"
#include "service/main/config_fault.h"
#include "service/main/file_fingerprints.h"
#include "service/ops/audit_event.h"
#include "service/ops/metrics.h"

namespace credbroker {

// What goes on while files change under it. Called by one thread.
class ReloadTarget {
 public:
  // Puts in force what was loaded. Cannot fail.
  using Commit = absl::AnyInvocable<void()>;

  virtual ~ReloadTarget() = default;
  // The configuration has changed, and is good.
  virtual void Use(const Config& config) = 0;
  // Reads the listener's certificate and key, and the authorities of callers' certificates.
  virtual absl::StatusOr<Commit> LoadTls(const TlsFiles& files) = 0;
  // Reads the keys that Kubernetes tokens are signed with.
  virtual absl::StatusOr<Commit> LoadKeySet(const std::string& file) = 0;
  // Accounts' secrets have changed.
  virtual void OnSecretsChanged() = 0;
};

// Looks whether the configuration file, or a file that it names, holds something else than what is
// in force, and hands that over if it is good (faults.md rows 31 to 33). All or nothing: what is
// not good, or changes while it is read, leaves the last good one in force and is looked at again.
// Each failure is counted, and logged once. Blocks; for one thread.
class Reload {
 public:
  struct Parts {
    ReloadTarget& target;
    Metrics& metrics;
    AuditSink& audit;
    Random& random;
    const Clock& clock;
  };
  // `config` was loaded from `config_file`, and nothing yet from the files that it names: what they
  // hold now is taken to be in force, except that the configuration is compared with its file once
  // more.
  Reload(std::string config_file, const Config& config, const Parts& parts);

  // To be called twice a second, or more. `asked`: somebody wants to know, so that what is refused
  // is counted and logged again.
  void Look(bool asked);

 private:
  // One or more files that only make sense together.
  struct Source {
    ReloadSource label;
    // Fingerprints; empty if there is none.
    std::string in_force;
    std::string refused;
    // The last failure that was logged.
    std::string told;
  };

  void LookAtConfig();
  void LookAtSecrets(bool first);
  bool LookAtSecret(const SecretFile& secret, bool first);
  void LookAtFiles(Source& source, const std::vector<std::string>& files,
                   absl::FunctionRef<absl::StatusOr<ReloadTarget::Commit>()> load);
  std::vector<std::string> FilesOf(const Config& config) const;
  std::vector<std::string> TlsFileNames() const;
  std::string FingerprintOf(const std::vector<std::string>& files);
  void Accept(Source& source, std::string fingerprint);
  void Refuse(Source& source, std::string fingerprint, const Faults& faults);
  void AcceptConfig(Config config, std::string fingerprint);

  const std::string config_file_;
  const Parts parts_;
  // The last one that was good.
  Config config_;
  // Those of the listener that is there, as it was started: absent if it has no TLS.
  std::optional<TlsFiles> tls_files_;
  // As it was started.
  const std::optional<KubernetesCallers> kubernetes_;
  FileFingerprints fingerprints_;
  Source config_source_{ReloadSource::kConfig, "", "", ""};
  Source tls_source_{ReloadSource::kTls, "", "", ""};
  Source key_set_source_{ReloadSource::kJwks, "", "", ""};
  absl::flat_hash_map<std::string, Source> secrets_;
  // What was refused is not read again before, if reading it is costly.
  Instant not_before_ = Instant::InfinitePast();
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_RELOAD_H_
