#ifndef CREDBROKER_TESTS_OPS_LOOPBACK_CLIENT_H_
#define CREDBROKER_TESTS_OPS_LOOPBACK_CLIENT_H_

#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "absl/cleanup/cleanup.h"

namespace credbroker {

// A blocking connection to 127.0.0.1, the caller's to close; its own address is `from`, or what the
// system chooses.
inline int ConnectToLoopback(int port, in_addr from = {}) {
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr = from;
  EXPECT_EQ(bind(client, reinterpret_cast<const sockaddr*>(&own), sizeof(own)), 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return client;
}

// One that comes from an address by which others know this machine, as a neighbour's does where
// route_localnet is on (CVE-2020-8558). -1 if the machine has no such address.
inline int ConnectToLoopbackFromOutside(int port) {
  ifaddrs* all = nullptr;
  EXPECT_EQ(getifaddrs(&all), 0);
  const absl::Cleanup free_all = [all] { freeifaddrs(all); };
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    const in_addr address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (ntohl(address.s_addr) >> IN_CLASSA_NSHIFT != IN_LOOPBACKNET) {
      return ConnectToLoopback(port, address);
    }
  }
  return -1;
}

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_OPS_LOOPBACK_CLIENT_H_
