#ifndef CREDBROKER_SERVICE_API_ACCEPT_LOOP_H_
#define CREDBROKER_SERVICE_API_ACCEPT_LOOP_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/api/connection_caps.h"
#include "service/api/limits.h"
#include "service/api/peer_address.h"
#include "service/base/clock.h"
#include "service/ops/tcp_listener.h"

namespace credbroker {

// Accepts connections on a thread of its own and hands them over. Closes at once those beyond the
// limits, and, with or without limits, those that would take of the last quarter of the process's
// file descriptors: that is for upstreams, files and the admin endpoint, without which the
// connections would be of no use (faults.md row 40). Both are logged, once in 10 s with their
// number.
class AcceptLoop {
 public:
  // Takes an open descriptor over.
  using HandOver = absl::AnyInvocable<void(int fd)>;

  AcceptLoop(std::unique_ptr<TcpListener> listener, const ConnectionLimits& limits,
             HandOver hand_over);
  ~AcceptLoop() { Stop(); }
  AcceptLoop(const AcceptLoop&) = delete;
  AcceptLoop& operator=(const AcceptLoop&) = delete;

  int port() const { return port_; }

  // Closes the listener; nothing is handed over any more once this returns. False if that was so
  // before. For one thread.
  bool Stop();

  // The next connection from `peer` is handed over whatever the limits say, and counts for none.
  // For the process's own probe; there is one such peer at a time. Thread-safe.
  void LetPast(const PeerAddress& peer) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run();
  bool IsLetPast(const PeerAddress& peer) ABSL_LOCKS_EXCLUDED(mutex_);
  // Null: it may be handed over. Else the limit that it is beyond.
  const char* WhyNot(int fd, Instant now);
  void NoteRefusal(const char* limit, Instant now);

  const int port_;
  const int first_reserved_fd_;
  std::unique_ptr<TcpListener> listener_;
  HandOver hand_over_;
  absl::Mutex mutex_;
  PeerAddress let_past_ ABSL_GUARDED_BY(mutex_);
  // The thread's own.
  ConnectionCaps caps_;
  int refused_ = 0;
  Instant logged_ = Instant::InfinitePast();
  std::thread thread_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_ACCEPT_LOOP_H_
