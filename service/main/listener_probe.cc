#include "service/main/listener_probe.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/notification.h"

#include "service/base/clock.h"
#include "service/base/status_macros.h"

namespace credbroker {
namespace {

// A descriptor that is closed unless it is released.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.Release()) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket& operator=(Socket&&) = delete;

  int fd() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status Gone() { return absl::UnavailableError("the listener does not answer"); }

// OK once `events` have come on the descriptor.
absl::Status Await(int fd, short events, Instant deadline) {
  for (;;) {
    const absl::Duration left = deadline - SystemClock().Steady();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("no answer in time");
    pollfd awaited = {fd, events, 0};
    const int got = poll(&awaited, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (got > 0) return absl::OkStatus();
    if (got < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  }
}

void ReplaceAnyByLoopback(sockaddr* address) {
  if (address->sa_family == AF_INET) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(address);
    if (v4->sin_addr.s_addr == htonl(INADDR_ANY)) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (address->sa_family == AF_INET6) {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(address);
    if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) v6->sin6_addr = in6addr_loopback;
  }
}

void SetPort(sockaddr* address, in_port_t port) {
  if (address->sa_family == AF_INET) reinterpret_cast<sockaddr_in*>(address)->sin_port = port;
  if (address->sa_family == AF_INET6) reinterpret_cast<sockaddr_in6*>(address)->sin6_port = port;
}

in_port_t PortOf(const sockaddr* address) {
  return address->sa_family == AF_INET ? reinterpret_cast<const sockaddr_in*>(address)->sin_port
                                       : reinterpret_cast<const sockaddr_in6*>(address)->sin6_port;
}

// From the same address as to it, so that it cannot be anybody else's.
absl::StatusOr<Socket> Connect(const addrinfo& found, Instant deadline,
                               absl::FunctionRef<void(const PeerAddress&)> announce) {
  sockaddr* const address = found.ai_addr;
  const in_port_t port = PortOf(address);
  ReplaceAnyByLoopback(address);
  Socket socket(::socket(found.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  SetPort(address, 0);
  if (socket.fd() < 0 || bind(socket.fd(), address, found.ai_addrlen) != 0) {
    return absl::ErrnoToStatus(errno, "no socket for the probe");
  }
  announce(OwnAddressOf(socket.fd()));
  SetPort(address, port);
  if (connect(socket.fd(), address, found.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return Gone();
  CREDBROKER_RETURN_IF_ERROR(Await(socket.fd(), POLLOUT, deadline));
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Gone();
  return socket;
}

absl::StatusOr<Socket> ConnectTo(const std::string& address, Instant deadline,
                                 absl::FunctionRef<void(const PeerAddress&)> announce) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return absl::InvalidArgumentError("no HOST:PORT");
  absl::string_view host = absl::string_view(address).substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(std::string(host).c_str(), address.c_str() + colon + 1, &hints, &found) != 0) {
    return absl::UnavailableError("the listener's name cannot be resolved");
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  absl::Status first = absl::OkStatus();
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (next->ai_family != AF_INET && next->ai_family != AF_INET6) continue;
    absl::StatusOr<Socket> connected = Connect(*next, deadline, announce);
    if (connected.ok()) return connected;
    first.Update(connected.status());
  }
  return first.ok() ? Gone() : first;
}

absl::Status CallHealth(Socket socket, Instant deadline) {
  grpc::ChannelArguments arguments;
  grpc::GenericStub health(
      grpc::CreateCustomInsecureChannelFromFd("listener", socket.Release(), arguments));
  grpc::ClientContext context;
  const absl::Duration left = deadline - SystemClock().Steady();
  context.set_deadline(absl::ToChronoTime(SystemClock().Wall() + left));
  // A HealthCheckRequest that asks for the server as a whole has no bytes.
  const grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification answered;
  health.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                   [&](grpc::Status ended) {
                     status = std::move(ended);
                     answered.Notify();
                   });
  answered.WaitForNotification();
  // gRPC's codes are Abseil's.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::Status ShakeHands(const Socket& socket, Instant deadline) {
  const absl::Cleanup forget_errors = [] { ERR_clear_error(); };
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("out of memory");
  // In TLS 1.2 the server's proof would come only after the client's certificate.
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  constexpr unsigned char kHttp2[] = "\2h2";
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof(kHttp2) - 1);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  if (ssl == nullptr || SSL_set_fd(ssl.get(), socket.fd()) != 1) {
    return absl::ResourceExhaustedError("out of memory");
  }
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(ssl.get());
    if (done == 1) return absl::OkStatus();
    switch (SSL_get_error(ssl.get(), done)) {
      case SSL_ERROR_WANT_READ:
        CREDBROKER_RETURN_IF_ERROR(Await(socket.fd(), POLLIN, deadline));
        break;
      case SSL_ERROR_WANT_WRITE:
        CREDBROKER_RETURN_IF_ERROR(Await(socket.fd(), POLLOUT, deadline));
        break;
      default:
        return Gone();
    }
  }
}

}  // namespace

absl::Status ProbeListener(const ProbeTarget& target, absl::Duration timeout,
                           absl::FunctionRef<void(const PeerAddress&)> announce) {
  const Instant deadline = SystemClock().Steady() + timeout;
  CREDBROKER_ASSIGN_OR_RETURN(Socket socket, ConnectTo(target.address, deadline, announce));
  return target.tls ? ShakeHands(socket, deadline) : CallHealth(std::move(socket), deadline);
}

}  // namespace credbroker
