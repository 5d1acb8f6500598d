#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "service/api/limits.h"
#include "service/api/tls_bundle.h"
#include "service/callers/kubernetes_callers.h"
#include "service/main/config_address.h"
#include "service/main/config_fault.h"
#include "service/model/tenant.h"
#include "service/ops/audit_log.h"
#include "service/sessions/policy.h"

namespace credbroker {

// The configuration file's content, checked: what is here can be used as it is. The defaults are
// the contract's.

struct ServerConfig {
  // A loopback address unless there is `tls`; port 0: any free one.
  HostPort listen;
  // Absent: plaintext.
  std::optional<TlsFiles> tls;
  bool reflection = false;
  absl::Duration max_connection_age = absl::Minutes(30);
  // After SIGTERM: unready, but everything is still served.
  absl::Duration drain_delay = absl::ZeroDuration();
  // Then: nothing new, calls in flight finish.
  absl::Duration drain_grace = absl::Seconds(20);

  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

struct AdminConfig {
  HostPort listen{"127.0.0.1", 9090};
  // If the file does not say: true on a loopback address only.
  bool status_page = true;

  friend bool operator==(const AdminConfig&, const AdminConfig&) = default;
};

// A file with a secret, and where the configuration names it.
struct SecretFile {
  enum class Kind { kPassword, kScramKeys };
  Kind kind = Kind::kPassword;
  std::string file;
  // E.g. "tenants[0].accounts[1].password_file".
  std::string field;
  int line = 0;

  friend bool operator==(const SecretFile&, const SecretFile&) = default;
};

struct Config {
  ServerConfig server;
  // Absent: no admin endpoint.
  std::optional<AdminConfig> admin;
  // Absent: no Kubernetes token identifies a caller.
  std::optional<KubernetesCallers> kubernetes;
  // One at least. Paths in them, as all others, are resolved: absolute, or relative to the working
  // directory.
  std::vector<Tenant> tenants;
  // Principals; absent: the file does not say, which is not the same as nobody.
  std::optional<std::vector<std::string>> operators;
  SessionPolicy sessions;
  CallerLimits caller_limits;
  ConnectionLimits connection_limits;
  // Absent: no audit log.
  std::optional<AuditOptions> audit;
  // In the file's order.
  std::vector<SecretFile> secret_files;
  // What is good and can hardly be meant.
  Faults warnings;

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_H_
