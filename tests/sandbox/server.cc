#include "tests/sandbox/server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace credbroker::sandbox {
namespace {

constexpr int kBacklog = 4096;
constexpr size_t kMaxPayload = 8 << 20;
// Longer targets would only exercise the depth of std::regex in cpp-httplib's routing.
constexpr size_t kMaxTarget = 512;
constexpr timeval kSocketTimeout = {30, 0};

// The connection whose request this thread is handling: cpp-httplib's handlers are not told.
thread_local Connection* current_connection = nullptr;

void SetSocketOptions(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kSocketTimeout, sizeof kSocketTimeout);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kSocketTimeout, sizeof kSocketTimeout);
}

int PortOf(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // Both families keep the port at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

Server::Server(const Options& options, Handler handler, Stats& stats)
    : keep_alive_(options.keep_alive), handler_(std::move(handler)), stats_(stats) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Options& options, Handler handler,
                                                      Stats& stats) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Server> server(new Server(options, std::move(handler), stats));
  if (absl::Status status = server->SetUpTls(options); !status.ok()) return status;
  if (absl::Status status = server->Listen(options); !status.ok()) return status;
  server->SetUpHandlers();
  server->acceptor_ = std::thread([raw = server.get()] { raw->AcceptAll(); });
  return server;
}

Server::~Server() { Stop(); }

absl::Status Server::SetUpTls(const Options& options) {
  if (options.certificate.empty() && options.key.empty()) return absl::OkStatus();
  tls_.reset(SSL_CTX_new(TLS_server_method()));
  if (!tls_ || SSL_CTX_set_min_proto_version(tls_.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_use_certificate_chain_file(tls_.get(), options.certificate.c_str()) != 1) {
    return absl::InvalidArgumentError("the certificate cannot be used");
  }
  if (SSL_CTX_use_PrivateKey_file(tls_.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(tls_.get()) != 1) {
    return absl::InvalidArgumentError("the key cannot be used, or is another certificate's");
  }
  return absl::OkStatus();
}

absl::Status Server::Listen(const Options& options) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* addresses = nullptr;
  if (getaddrinfo(options.host.c_str(), absl::StrCat(options.port).c_str(), &hints, &addresses) !=
      0) {
    return absl::InvalidArgumentError("the address to listen on cannot be resolved");
  }
  const absl::Cleanup free_addresses = [addresses] { freeaddrinfo(addresses); };
  listener_ = ::socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_, addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      ::listen(listener_, kBacklog) != 0) {
    return absl::InvalidArgumentError("the address cannot be listened on");
  }
  port_ = PortOf(listener_);
  return absl::OkStatus();
}

void Server::SetUpHandlers() {
  set_payload_max_length(kMaxPayload);
  set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (request.path.size() <= kMaxTarget) return HandlerResponse::Unhandled;
    response.status = 414;
    return HandlerResponse::Handled;
  });
  set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
    if (!response.body.empty()) return HandlerResponse::Unhandled;
    response.set_content(R"({"error": "the request was not understood"})", "application/json");
    return HandlerResponse::Handled;
  }));
  // cpp-httplib announces its own keep-alive, which is not ours.
  set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    response.headers.erase("Keep-Alive");
  });
  const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
    handler_(request, response, *current_connection);
  };
  Get(".*", handle);
  Post(".*", handle);
  Put(".*", handle);
  Delete(".*", handle);
}

void Server::AcceptAll() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    if (socket < 0) {
      // Out of descriptors, perhaps: whoever holds them gets some time to let go.
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(10));
      continue;
    }
    open_.insert(socket);
    stats_.ConnectionOpened();
    std::thread([this, socket] { Serve(socket); }).detach();
  }
}

std::unique_ptr<SSL, SslDeleter> Server::ShakeHands(int socket) {
  std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(tls_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1 || SSL_accept(ssl.get()) != 1) {
    stats_.TlsFailed();
    return nullptr;
  }
  return ssl;
}

void Server::Serve(int socket) {
  SetSocketOptions(socket);
  auto ssl = tls_ ? ShakeHands(socket) : nullptr;
  if (ssl || !tls_) {
    Connection connection(socket, std::move(ssl));
    ServeRequests(connection);
    connection.SayGoodbye();
  }
  stats_.ConnectionClosed();
  // Closed under the lock, so that Stop never touches a descriptor that is somebody else's by then;
  // and the last thing, for Stop may return as soon as the set is empty.
  absl::MutexLock lock(&mutex_);
  ::close(socket);
  open_.erase(socket);
}

void Server::ServeRequests(Connection& connection) {
  current_connection = &connection;
  bool closed = false;
  while (!closed && connection.AwaitRequest(keep_alive_())) {
    const bool written = process_request(connection, false, closed, [](httplib::Request& request) {
      // Answers are compressed only when a fault says so.
      request.headers.erase("Accept-Encoding");
    });
    if (!written || connection.ShouldClose()) break;
  }
  current_connection = nullptr;
}

void Server::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (listener_ >= 0) shutdown(listener_, SHUT_RDWR);
    for (const int socket : open_) shutdown(socket, SHUT_RDWR);
  }
  if (acceptor_.joinable()) acceptor_.join();
  {
    absl::MutexLock lock(&mutex_);
    const auto idle = [this] {
      mutex_.AssertHeld();
      return open_.empty();
    };
    mutex_.Await(absl::Condition(&idle));
  }
  if (listener_ >= 0) ::close(std::exchange(listener_, -1));
}

}  // namespace credbroker::sandbox
