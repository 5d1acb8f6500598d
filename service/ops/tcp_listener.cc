#include "service/ops/tcp_listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

// As long as the machine allows: thousands of callers come back at once after a restart, and
// whoever finds the queue full waits seconds for TCP to try again.
constexpr int kBacklog = SOMAXCONN;
// How long to leave a failing accept alone; a connection that waits meanwhile stays in the backlog.
constexpr int kPauseAfterFailureMs = 100;

// A socket that listens on `address`; -1 (and errno) if that fails.
int ListenOn(const addrinfo& address) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  // Not SO_REUSEPORT: two brokers on one port must not share its connections silently.
  const int yes = 1;
  // TCP_NODELAY: connections have it from their listener. gRPC sets it on those that it accepts
  // itself, not on those handed to it; without it an answer can wait for the peer's delayed ACK.
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) == 0 &&
      bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0)
    return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int BoundPort(int fd) {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXSERV> port;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, nullptr, 0, port.data(),
                  static_cast<socklen_t>(port.size()), NI_NUMERICSERV) != 0)
    return 0;
  return std::atoi(port.data());
}

}  // namespace

bool IsLoopback(const sockaddr_storage& address) {
  in_addr_t ipv4;
  if (address.ss_family == AF_INET) {
    ipv4 = reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr;
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& ipv6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&ipv6)) return IN6_IS_ADDR_LOOPBACK(&ipv6);
    std::memcpy(&ipv4, &ipv6.s6_addr[12], sizeof(ipv4));
  } else {
    return false;
  }
  return ntohl(ipv4) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Open(const std::string& host, int port,
                                                               Welcome welcome) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* addresses = nullptr;
  if (port < 0 || port > 65535 ||
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses) != 0)
    return absl::InvalidArgumentError(absl::StrCat("cannot listen on ", host, ", port ", port,
                                                   ": no such address on this machine"));
  const absl::Cleanup free_addresses = [addresses] { freeaddrinfo(addresses); };

  int error = 0;
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next) {
    const int listen_fd = ListenOn(*address);
    const int stop_fd = listen_fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd >= 0)
      return std::unique_ptr<TcpListener>(
          new TcpListener(listen_fd, stop_fd, BoundPort(listen_fd), welcome));
    error = errno;
    if (listen_fd >= 0) close(listen_fd);
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", host, ", port ", port, ": ", std::strerror(error)));
}

TcpListener::~TcpListener() {
  close(listen_fd_);
  close(stop_fd_);
}

int TcpListener::Accept() {
  for (;;) {
    std::array<pollfd, 2> fds = {pollfd{stop_fd_, POLLIN, 0}, pollfd{listen_fd_, POLLIN, 0}};
    poll(fds.data(), fds.size(), -1);
    if (fds[0].revents != 0) return -1;
    if (fds[1].revents == 0) continue;
    sockaddr_storage peer = {};
    socklen_t size = sizeof(peer);
    const int fd = accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &size,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      if (welcome_(peer)) return fd;
      close(fd);
      continue;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) continue;
    poll(fds.data(), 1, kPauseAfterFailureMs);
  }
}

void TcpListener::Stop() { eventfd_write(stop_fd_, 1); }

}  // namespace credbroker
