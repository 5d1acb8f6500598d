#ifndef CREDBROKER_SERVICE_OPS_TCP_LISTENER_H_
#define CREDBROKER_SERVICE_OPS_TCP_LISTENER_H_

#include <sys/socket.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace credbroker {

// Whether a peer with this address is on this machine: 127.0.0.0/8, ::1, or the former in an IPv6
// address (RFC 4291, 2.5.3 and 2.5.5.2).
bool IsLoopback(const sockaddr_storage& address);

// A listening TCP socket that goes on listening: running out of file descriptors, or a peer that is
// gone before it is accepted, costs a moment, not the listener (cpp-httplib's own ends on both).
class TcpListener {
 public:
  // Says of a peer's address whether it may stay.
  using Welcome = bool (*)(const sockaddr_storage&);

  // `host` is a name or an address without brackets; `port` 0 takes a free one. UNAVAILABLE if the
  // address cannot be had, INVALID_ARGUMENT if it is none.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Open(const std::string& host, int port,
                                                           Welcome welcome = Anyone);
  ~TcpListener();

  int port() const { return port_; }

  // The next connection of a peer that is welcome (others' are closed): non-blocking,
  // close-on-exec, without Nagle's delay, the caller's to close. Waits for one; -1 once Stop was
  // called. For one thread.
  int Accept();

  // Ends Accept, the one that waits and all later ones. Thread-safe.
  void Stop();

 private:
  static bool Anyone(const sockaddr_storage&) { return true; }
  TcpListener(int listen_fd, int stop_fd, int port, Welcome welcome)
      : listen_fd_(listen_fd), stop_fd_(stop_fd), port_(port), welcome_(welcome) {}

  const int listen_fd_;
  const int stop_fd_;
  const int port_;
  const Welcome welcome_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_TCP_LISTENER_H_
