#ifndef CREDBROKER_TESTS_SANDBOX_UPSTREAM_H_
#define CREDBROKER_TESTS_SANDBOX_UPSTREAM_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"

#include "tests/sandbox/control.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/routes.h"
#include "tests/sandbox/scram_server.h"
#include "tests/sandbox/server.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/state.h"
#include "tests/sandbox/stats.h"

namespace credbroker::sandbox {

struct UpstreamOptions {
  std::string host = "127.0.0.1";
  int port = 0;
  // E-mail and password.
  std::vector<std::pair<std::string, std::string>> accounts;
  Mechanism mechanism = Mechanism::kScramSha1;
  unsigned iterations = 4096;
  int lock_after = 0;
  std::string certificate;
  std::string key;
  Settings settings;
};

// The stand-in upstream as a whole; everything else about it goes over HTTP (README.md).
class Upstream {
 public:
  // Serves once this returns. INVALID_ARGUMENT for options that do not serve.
  static absl::StatusOr<std::unique_ptr<Upstream>> Start(const UpstreamOptions& options);
  // Ends all connections.
  ~Upstream();

  int port() const { return server_->port(); }

 private:
  explicit Upstream(const UpstreamOptions& options);

  absl::Notification stop_;
  LiveSettings settings_;
  State state_;
  Faults faults_;
  Stats stats_;
  Routes routes_;
  Control control_;
  std::unique_ptr<Server> server_;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_UPSTREAM_H_
