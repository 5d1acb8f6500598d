#ifndef CREDBROKER_SERVICE_OPS_ADMIN_SERVER_H_
#define CREDBROKER_SERVICE_OPS_ADMIN_SERVER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "service/ops/metrics.h"
#include "service/ops/readiness.h"
#include "service/ops/tcp_listener.h"

namespace credbroker {

struct AdminOptions {
  std::string host = "127.0.0.1";  // A name or an address, without brackets.
  int port = 0;                    // 0: a free one.
  int threads = 8;                 // Requests served at once; each slow client holds one.
  absl::Duration request_timeout = absl::Seconds(5);  // To read it, answer it, and send the answer.
  absl::Duration probe_pause = absl::Seconds(1);      // See Liveness.
};

// What the composition root adds. Both may be empty, are called by several threads at once, and
// must come back within a bounded time: a scraper waits.
struct AdminHooks {
  // Brings the gauges up to date.
  std::function<void()> before_scrape;
  // Whether the service still accepts connections, proven by trying. See Liveness.
  std::function<absl::Status()> probe;
};

// For operators' machines, over plain HTTP: GET /metrics (Prometheus), /livez and /readyz. One
// request a connection. See "Admin endpoint" in the README.
class AdminServer {
 public:
  // Serves at once. `metrics` and `readiness` outlive the server. UNAVAILABLE or INVALID_ARGUMENT
  // if the address cannot be had.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(AdminOptions options,
                                                            const Metrics& metrics,
                                                            const Readiness& readiness,
                                                            AdminHooks hooks);
  // Stops.
  ~AdminServer();

  int port() const { return port_; }

  // Ends all connections and threads; waits for hooks that run. Idempotent; for one thread.
  void Stop();

 private:
  class Http;

  AdminServer(AdminOptions options, std::unique_ptr<TcpListener> listener,
              std::unique_ptr<Http> http);
  void AcceptConnections();
  void ServeConnections();
  int TakeConnection();
  void CloseConnection(int fd);

  const AdminOptions options_;
  const int port_;
  std::unique_ptr<TcpListener> listener_;  // Until stopped.
  const std::unique_ptr<Http> http_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<int> waiting_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<int> open_ ABSL_GUARDED_BY(mutex_);  // All accepted, the waiting ones too.
  std::vector<std::thread> threads_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_ADMIN_SERVER_H_
