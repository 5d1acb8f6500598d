#include "service/api/connection_caps.h"

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <vector>

namespace credbroker {
namespace {

constexpr absl::Duration kPauseBetweenSweeps = absl::Milliseconds(10);

// Nothing if the descriptor is no socket (any more). A kernel without cookies (gVisor's) has 0 for
// each: then a connection counts until its descriptor is closed or another has it.
std::optional<uint64_t> CookieOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0) return cookie;
  if (errno == EBADF || errno == ENOTSOCK) return std::nullopt;
  return 0;
}

}  // namespace

ConnectionCaps::Verdict ConnectionCaps::Admit(int fd, const std::string& peer, Instant now) {
  if (!limits_.connections.has_value() && !limits_.connections_per_peer.has_value()) {
    return Verdict::kAdmitted;
  }
  // The number was free, so what had it is closed.
  Forget(fd);
  Verdict verdict = Judge(peer);
  if (verdict != Verdict::kAdmitted && now - swept_ >= kPauseBetweenSweeps) {
    Sweep();
    swept_ = now;
    verdict = Judge(peer);
  }
  if (verdict != Verdict::kAdmitted) return verdict;
  held_[fd] = {CookieOf(fd).value_or(0), peer};
  ++by_peer_[peer];
  return verdict;
}

ConnectionCaps::Verdict ConnectionCaps::Judge(const std::string& peer) const {
  if (limits_.connections.has_value() && counted() >= *limits_.connections) {
    return Verdict::kTooMany;
  }
  const auto of_peer = by_peer_.find(peer);
  if (limits_.connections_per_peer.has_value() && of_peer != by_peer_.end() &&
      of_peer->second >= *limits_.connections_per_peer) {
    return Verdict::kTooManyOfPeer;
  }
  return Verdict::kAdmitted;
}

void ConnectionCaps::Sweep() {
  std::vector<int> ended;
  for (const auto& [fd, held] : held_) {
    if (CookieOf(fd) != held.cookie) ended.push_back(fd);
  }
  for (const int fd : ended) Forget(fd);
}

void ConnectionCaps::Forget(int fd) {
  const auto held = held_.find(fd);
  if (held == held_.end()) return;
  const auto of_peer = by_peer_.find(held->second.peer);
  if (--of_peer->second == 0) by_peer_.erase(of_peer);
  held_.erase(held);
}

}  // namespace credbroker
