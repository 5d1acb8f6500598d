#include "tests/sandbox/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/string_view.h"

namespace credbroker::sandbox {
namespace {

constexpr size_t kMaxRequest = 16 << 20;

}  // namespace

Connection::Connection(int socket, std::unique_ptr<SSL, SslDeleter> ssl)
    : socket_(socket), ssl_(std::move(ssl)) {}

bool Connection::AwaitRequest(absl::Duration timeout) {
  allowance_ = kMaxRequest;
  if (begin_ < end_ || (ssl_ && SSL_pending(ssl_.get()) > 0)) return true;
  pollfd watched = {socket_, POLLIN, 0};
  const auto milliseconds = std::min<int64_t>(absl::ToInt64Milliseconds(timeout), 1 << 30);
  int ready = 0;
  do {
    ready = poll(&watched, 1, static_cast<int>(milliseconds));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool Connection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(),
                                          static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20)))
                              : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && !ssl_ && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void Connection::ResetOnClose() {
  const linger at_once = {1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Connection::SayGoodbye() {
  if (ssl_ && !ShouldClose()) SSL_shutdown(ssl_.get());
}

ssize_t Connection::ReadSome(char* data, size_t size) {
  if (ssl_) return SSL_read(ssl_.get(), data, static_cast<int>(size));
  ssize_t count = 0;
  do {
    count = recv(socket_, data, size, 0);
  } while (count < 0 && errno == EINTR);
  return count;
}

ssize_t Connection::read(char* data, size_t size) {
  if (begin_ == end_) {
    const ssize_t count = ReadSome(buffer_.data(), buffer_.size());
    if (count <= 0 || static_cast<size_t>(count) > allowance_) return -1;
    allowance_ -= static_cast<size_t>(count);
    begin_ = 0;
    end_ = static_cast<size_t>(count);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (detached_ || !Send({data, size})) return -1;
  return static_cast<ssize_t>(size);
}

// Nobody asks for addresses here.
void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace credbroker::sandbox
