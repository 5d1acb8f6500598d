#include "service/api/accept_loop.h"

#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <utility>

#include "service/base/log.h"

namespace credbroker {
namespace {

constexpr absl::Duration kPauseBetweenLogs = absl::Seconds(10);

// Descriptors get the lowest free number, so one that is given this has at least as many below it.
int FirstReservedFd() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) return INT_MAX;
  return static_cast<int>(limit.rlim_cur - limit.rlim_cur / 4);
}

}  // namespace

AcceptLoop::AcceptLoop(std::unique_ptr<TcpListener> listener, const ConnectionLimits& limits,
                       HandOver hand_over)
    : port_(listener->port()),
      first_reserved_fd_(FirstReservedFd()),
      listener_(std::move(listener)),
      hand_over_(std::move(hand_over)),
      caps_(limits),
      thread_([this] { Run(); }) {}

bool AcceptLoop::Stop() {
  if (!thread_.joinable()) return false;
  listener_->Stop();
  thread_.join();
  listener_.reset();
  return true;
}

void AcceptLoop::LetPast(const PeerAddress& peer) {
  absl::MutexLock lock(&mutex_);
  let_past_ = peer;
}

void AcceptLoop::Run() {
  for (int fd = listener_->Accept(); fd >= 0; fd = listener_->Accept()) {
    const Instant now = SystemClock().Steady();
    if (const char* const limit = WhyNot(fd, now); limit != nullptr) {
      close(fd);
      NoteRefusal(limit, now);
    } else {
      hand_over_(fd);
    }
  }
}

bool AcceptLoop::IsLetPast(const PeerAddress& peer) {
  absl::MutexLock lock(&mutex_);
  if (peer != let_past_ || peer.host.empty()) return false;
  let_past_ = {};
  return true;
}

const char* AcceptLoop::WhyNot(int fd, Instant now) {
  const PeerAddress peer = PeerOf(fd);
  if (IsLetPast(peer)) return nullptr;
  if (fd >= first_reserved_fd_) return "file descriptors";
  switch (caps_.Admit(fd, peer.host, now)) {
    case ConnectionCaps::Verdict::kTooMany:
      return "connections";
    case ConnectionCaps::Verdict::kTooManyOfPeer:
      return "connections_per_peer";
    case ConnectionCaps::Verdict::kAdmitted:
      break;
  }
  return nullptr;
}

void AcceptLoop::NoteRefusal(const char* limit, Instant now) {
  ++refused_;
  if (now - logged_ < kPauseBetweenLogs) return;
  Log(LogLevel::kWarning, "connections_refused", {{"count", refused_}, {"limit", limit}});
  refused_ = 0;
  logged_ = now;
}

}  // namespace credbroker
