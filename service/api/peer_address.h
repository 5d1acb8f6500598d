#ifndef CREDBROKER_SERVICE_API_PEER_ADDRESS_H_
#define CREDBROKER_SERVICE_API_PEER_ADDRESS_H_

#include <sys/socket.h>

#include <string>

namespace credbroker {

// One end of a TCP connection. An IPv4 address that was mapped into IPv6 is written as IPv4.
struct PeerAddress {
  // Numeric, without brackets; empty if it is not known.
  std::string host;
  int port = 0;

  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

PeerAddress PeerAddressOf(const sockaddr* address, socklen_t size);

// Of a connected socket: the far end, and the near one.
PeerAddress PeerOf(int fd);
PeerAddress OwnAddressOf(int fd);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_PEER_ADDRESS_H_
