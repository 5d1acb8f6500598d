#include "service/ops/request_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace credbroker {

namespace {

// Until `fd` has one of its events; false at `deadline`.
bool WaitFor(pollfd fd, Instant deadline) {
  for (;;) {
    const absl::Duration left = deadline - SystemClock().Steady();
    if (left <= absl::ZeroDuration()) return false;
    // Rounded up, or the last millisecond would spin.
    const int ready = poll(&fd, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

bool RequestStream::is_readable() const {
  return begin_ < end_ || WaitFor({fd_, POLLIN, 0}, deadline_);
}

bool RequestStream::is_writable() const { return WaitFor({fd_, POLLOUT, 0}, deadline_); }

ssize_t RequestStream::Fill() {
  const size_t most = std::min(buffer_.size(), bytes_left_);
  if (most == 0) return -1;
  ssize_t count = -1;
  do {
    if (!WaitFor({fd_, POLLIN, 0}, deadline_)) return -1;
    count = recv(fd_, buffer_.data(), most, 0);
  } while (count < 0 && (errno == EAGAIN || errno == EINTR));
  begin_ = 0;
  end_ = count > 0 ? static_cast<size_t>(count) : 0;
  bytes_left_ -= end_;
  return count;
}

ssize_t RequestStream::read(char* bytes, size_t size) {
  if (begin_ == end_) {
    const ssize_t filled = Fill();
    if (filled <= 0) return filled;
  }
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(bytes, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t RequestStream::write(const char* bytes, size_t size) {
  ssize_t count = -1;
  do {
    if (!is_writable()) return -1;
    count = send(fd_, bytes, size, MSG_NOSIGNAL);
  } while (count < 0 && (errno == EAGAIN || errno == EINTR));
  return count;
}

void RequestStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void RequestStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void RequestStream::Drain() {
  shutdown(fd_, SHUT_WR);
  while (Fill() > 0) continue;
}

}  // namespace credbroker
