#ifndef CREDBROKER_SERVICE_API_CONNECTION_CAPS_H_
#define CREDBROKER_SERVICE_API_CONNECTION_CAPS_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "service/api/limits.h"
#include "service/base/clock.h"

namespace credbroker {

// Keeps the connections that are handed over to gRPC within limits, overall and from one address.
//
// gRPC owns what it was handed, and closes it without a word. So for each connection this remembers
// its descriptor and the kernel's cookie for its socket (SO_COOKIE: no two sockets ever have the
// same), and when a limit is reached looks whether each descriptor still is that socket. That is
// exact, needs no second descriptor (which are what runs out, faults.md row 40) and nothing from
// gRPC, and costs nothing as long as no limit is reached. A sweep costs a system call a connection,
// so at a limit there is one in 10 ms at most: whoever comes in between may be refused for a
// connection that has just ended.
//
// For one thread.
class ConnectionCaps {
 public:
  enum class Verdict { kAdmitted, kTooMany, kTooManyOfPeer };

  explicit ConnectionCaps(const ConnectionLimits& limits) : limits_(limits) {}

  // Whether the connection may be handed over; if so, it counts until it is closed. `peer` is the
  // far end's address without its port.
  Verdict Admit(int fd, const std::string& peer, Instant now);

  // How many count, those among them that have ended since the last sweep.
  int counted() const { return static_cast<int>(held_.size()); }

 private:
  struct Held {
    uint64_t cookie = 0;
    std::string peer;
  };

  Verdict Judge(const std::string& peer) const;
  void Sweep();
  void Forget(int fd);

  const ConnectionLimits limits_;
  Instant swept_ = Instant::InfinitePast();
  // By descriptor, so never more than the process may have.
  absl::flat_hash_map<int, Held> held_;
  absl::flat_hash_map<std::string, int> by_peer_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_CONNECTION_CAPS_H_
