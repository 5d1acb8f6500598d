#include "service/api/peer_address.h"

#include <netdb.h>

#include <array>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace credbroker {
namespace {

PeerAddress Ask(int (*ask)(int, sockaddr*, socklen_t*), int fd) {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  return ask(fd, any, &size) == 0 ? PeerAddressOf(any, size) : PeerAddress{};
}

}  // namespace

PeerAddress PeerAddressOf(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host;
  std::array<char, NI_MAXSERV> port;
  if (getnameinfo(address, size, host.data(), static_cast<socklen_t>(host.size()), port.data(),
                  static_cast<socklen_t>(port.size()), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  absl::string_view name = host.data();
  if (absl::StrContains(name, '.')) absl::ConsumePrefix(&name, "::ffff:");
  return {std::string(name), std::atoi(port.data())};
}

PeerAddress PeerOf(int fd) { return Ask(&getpeername, fd); }

PeerAddress OwnAddressOf(int fd) { return Ask(&getsockname, fd); }

}  // namespace credbroker
