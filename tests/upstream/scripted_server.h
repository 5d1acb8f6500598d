#ifndef CREDBROKER_TESTS_UPSTREAM_SCRIPTED_SERVER_H_
#define CREDBROKER_TESTS_UPSTREAM_SCRIPTED_SERVER_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace credbroker {

// One accepted connection, as the script sees it.
class ScriptedConnection {
 public:
  ScriptedConnection(int fd, std::function<void(std::string)> record)
      : fd_(fd), record_(std::move(record)) {}

  // The next whole request, head and body (by Content-Length); empty once the peer has hung up.
  std::string ReadRequest();
  // False once the peer has hung up.
  bool Write(absl::string_view bytes);
  // Waits until the peer hangs up.
  void AwaitHangUp();

 private:
  const int fd_;
  std::function<void(std::string)> record_;
  std::string buffered_;
};

// A TCP server on loopback that does on each connection what the test says: for what no proper HTTP
// server would do. Each connection has a thread of its own and is closed when its script returns.
class ScriptedServer {
 public:
  // `index` counts the connections from 0.
  using Script = std::function<void(ScriptedConnection& connection, int index)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  int port() const { return port_; }
  // "http://127.0.0.1:PORT".
  std::string url() const;
  // All requests so far.
  std::vector<std::string> requests() const;
  int connections() const;

 private:
  void Accept();

  const Script script_;
  int listen_fd_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> fds_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> connections_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread acceptor_;
};

// A response with a Content-Length.
std::string HttpText(int status, absl::string_view headers, absl::string_view body);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_UPSTREAM_SCRIPTED_SERVER_H_
