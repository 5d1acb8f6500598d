#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "service/main/config_address.h"
#include "service/model/tenant.h"
#include "service/sessions/policy.h"

namespace credbroker {

// The configuration file's content, checked: what is here can be used as it is. The defaults are
// the contract's.

struct ServerConfig {
  // A loopback address; port 0: any free one.
  HostPort listen;
  bool reflection = false;
  absl::Duration max_connection_age = absl::Minutes(30);
  // After SIGTERM: unready, but everything is still served.
  absl::Duration drain_delay = absl::ZeroDuration();
  // Then: nothing new, calls in flight finish.
  absl::Duration drain_grace = absl::Seconds(20);
};

struct AdminConfig {
  HostPort listen{"127.0.0.1", 9090};
  // If the file does not say: true on a loopback address only.
  bool status_page = true;
};

// A file with a secret, and where the configuration names it.
struct SecretFile {
  std::string file;
  // E.g. "tenants[0].accounts[1].password_file".
  std::string field;
  int line = 0;
};

struct Config {
  ServerConfig server;
  // Absent: no admin endpoint.
  std::optional<AdminConfig> admin;
  // One at least. Paths in them are resolved: absolute, or relative to the working directory.
  std::vector<Tenant> tenants;
  SessionPolicy sessions;
  // In the file's order.
  std::vector<SecretFile> secret_files;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_H_
