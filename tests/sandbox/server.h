#ifndef CREDBROKER_TESTS_SANDBOX_SERVER_H_
#define CREDBROKER_TESTS_SANDBOX_SERVER_H_

#include <httplib.h>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "tests/sandbox/connection.h"
#include "tests/sandbox/stats.h"

namespace credbroker::sandbox {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// An HTTP/1.1 server, a thread for each connection. cpp-httplib parses and writes, but does not
// accept: its own loop has a backlog of 5, watches sockets with select(), hides the connection from
// handlers, and polls idle connections a hundred times a second.
class Server : private httplib::Server {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;
    // PEM files; both empty: plaintext.
    std::string certificate;
    std::string key;
    // Asked anew before each wait for a request.
    std::function<absl::Duration()> keep_alive;
  };
  // Runs on the connection's thread, for every request that could be read whole.
  using Handler =
      std::function<void(const httplib::Request&, httplib::Response&, Connection& connection)>;

  // Listens and accepts at once. INVALID_ARGUMENT for files or an address that do not serve.
  // `stats` outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options, Handler handler,
                                                       Stats& stats);
  // As Stop.
  ~Server() override;

  int port() const { return port_; }
  // Ends all connections, and returns once no handler runs. Handlers must not wait for long.
  void Stop();

 private:
  Server(const Options& options, Handler handler, Stats& stats);

  absl::Status SetUpTls(const Options& options);
  absl::Status Listen(const Options& options);
  void SetUpHandlers();
  void AcceptAll();
  void Serve(int socket);
  void ServeRequests(Connection& connection);
  std::unique_ptr<SSL, SslDeleter> ShakeHands(int socket);

  const std::function<absl::Duration()> keep_alive_;
  const Handler handler_;
  Stats& stats_;
  std::unique_ptr<SSL_CTX, SslContextDeleter> tls_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // The sockets of connections whose threads run.
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_SERVER_H_
