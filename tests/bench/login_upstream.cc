#include "tests/bench/login_upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "service/base/base64.h"
#include "service/scram/messages.h"

namespace credbroker {
namespace {

constexpr absl::string_view kServerNonce = "3rfcNHYJY1ZVvWVs7j";
constexpr absl::string_view kEndOfHead = "\r\n\r\n";
constexpr absl::Duration kLifetime = absl::Hours(1);
constexpr absl::Duration kChallenge = absl::Minutes(1);
constexpr int kIterations = 4096;

int Listen() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, SOMAXCONN) != 0) {
    std::abort();
  }
  return fd;
}

// Of a request's head; 0 without one.
size_t ContentLength(absl::string_view head) {
  const std::string lower = absl::AsciiStrToLower(head);
  constexpr absl::string_view kName = "\r\ncontent-length:";
  const size_t at = lower.find(kName.data(), 0, kName.size());
  if (at == std::string::npos) return 0;
  return std::strtoul(lower.c_str() + at + kName.size(), nullptr, 10);
}

std::string Http(const nlohmann::json& body, const std::string& headers = "") {
  const std::string text = body.dump();
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone());
  return absl::StrCat("HTTP/1.1 200 OK\r\nDate: ", date, "\r\n", headers,
                      "Content-Type: application/json\r\nContent-Length: ", text.size(), kEndOfHead,
                      text);
}

std::string Jwt() {
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const nlohmann::json claims = {{"iat", now},
                                 {"exp", now + absl::ToInt64Seconds(kLifetime)},
                                 {"padding", std::string(500, 'x')}};
  return absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"HS256"})"), ".",
                      absl::WebSafeBase64Escape(claims.dump()), ".",
                      absl::WebSafeBase64Escape(std::string(32, 's')));
}

}  // namespace

LoginUpstream::Connection::~Connection() { close(fd); }

LoginUpstream::LoginUpstream(absl::Duration latency)
    : latency_(latency),
      salt_("0123456789abcdef"),
      keys_(DeriveKeys({Mechanism::kScramSha1, salt_, kIterations}, Secret::Copy("pencil"))),
      listener_(Listen()),
      loop_(SystemClock(), "upstream") {
  loop_.Post([this] { loop_.Watch(listener_, EPOLLIN, [this](uint32_t) { Accept(); }); });
}

LoginUpstream::~LoginUpstream() {
  loop_.Stop();
  close(listener_);
}

std::string LoginUpstream::address() const {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

void LoginUpstream::Accept() {
  for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const auto connection = std::make_shared<Connection>(fd);
    connections_[fd] = connection;
    loop_.Watch(fd, EPOLLIN, [this, weak = std::weak_ptr<Connection>(connection)](uint32_t) {
      if (const auto held = weak.lock()) Read(held);
    });
  }
}

void LoginUpstream::Read(const std::shared_ptr<Connection>& connection) {
  std::array<char, 16'384> buffer;
  const ssize_t size = recv(connection->fd, buffer.data(), buffer.size(), 0);
  if (size > 0) {
    connection->received.append(buffer.data(), static_cast<size_t>(size));
    Serve(connection);
  } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
    loop_.Unwatch(connection->fd);
    connections_.erase(connection->fd);
  }
}

void LoginUpstream::Serve(const std::shared_ptr<Connection>& connection) {
  std::string& received = connection->received;
  const size_t head = received.find(kEndOfHead.data(), 0, kEndOfHead.size());
  if (head == std::string::npos) return;
  const size_t begin = head + kEndOfHead.size();
  const size_t length = ContentLength(absl::string_view(received).substr(0, head));
  if (received.size() < begin + length) return;
  std::string answer =
      Answer(received.substr(0, received.find("\r\n")), received.substr(begin, length));
  received.erase(0, begin + length);
  loop_.After(latency_, [connection, answer = std::move(answer)] {
    // Far less than a socket's buffer; whoever has gone does not want it.
    [[maybe_unused]] const ssize_t sent =
        send(connection->fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  });
}

std::string LoginUpstream::Answer(const std::string& path, const std::string& body) const {
  const nlohmann::json request = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (request.is_discarded() || !request.contains("nonce")) {
    return absl::StrCat("HTTP/1.1 400 Bad Request\r\nContent-Length: 0", kEndOfHead);
  }
  return absl::StrContains(path, "/auth/login") ? FinalAnswer(request["email"], request["nonce"])
                                                : FirstAnswer(request["nonce"]);
}

std::string LoginUpstream::FirstAnswer(const std::string& client_nonce) const {
  return Http({{"expires", absl::ToUnixSeconds(absl::Now() + kChallenge)},
               {"iterationCount", kIterations},
               {"nonce", absl::StrCat(client_nonce, kServerNonce)},
               {"salt", Base64Encode(salt_)}});
}

std::string LoginUpstream::FinalAnswer(const std::string& email, const std::string& nonce) const {
  const std::string client_nonce = nonce.substr(0, nonce.size() - kServerNonce.size());
  const std::string auth_message =
      AuthMessage(ClientFirstMessageBare(email, client_nonce),
                  ServerFirstMessage({nonce, Base64Encode(salt_), kIterations}),
                  ClientFinalMessageWithoutProof(nonce));
  const Secret signature = ServerSignature(Mechanism::kScramSha1, keys_.server_key, auth_message);
  return Http({{"deviceId", "device"},
               {"refreshToken", std::string(64, 'r')},
               {"signature", Base64Encode(signature.RevealSecret())},
               {"redirectProjectId", nullptr},
               {"sendbirdSessionToken", nullptr}},
              absl::StrCat("Session: ", Jwt(), "\r\n"));
}

}  // namespace credbroker
