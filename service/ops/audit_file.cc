#include "service/ops/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

absl::Status Errno(absl::string_view what) {
  return absl::UnavailableError(absl::ErrnoToStatus(errno, what).message());
}

// Whether the file has content that does not end with a line's end.
bool EndsTorn(const std::string& file, off_t size) {
  if (size == 0) return false;
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  char last = '\0';
  const bool read = fd >= 0 && pread(fd, &last, 1, size - 1) == 1;
  if (fd >= 0) close(fd);
  return !read || last != '\n';
}

}  // namespace

AuditFile::AuditFile(AuditOptions options) : options_(std::move(options)) {}
AuditFile::~AuditFile() { Close(); }

absl::Status AuditFile::Open() {
  if (is_open()) return absl::OkStatus();
  // Non-blocking, so that a FIFO without a reader is an error and one that is full is known.
  fd_ = options_.to_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                           : open(options_.file.c_str(),
                                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                  S_IRUSR | S_IWUSR);
  struct stat found = {};
  if (fd_ < 0 || fstat(fd_, &found) != 0) {
    const absl::Status failure = Errno("open");
    Close();
    return failure;
  }
  is_regular_ = S_ISREG(found.st_mode);
  is_socket_ = S_ISSOCK(found.st_mode);
  ends_torn_ = is_regular_ && !options_.to_stdout && EndsTorn(options_.file, found.st_size);
  return absl::OkStatus();
}

absl::StatusOr<size_t> AuditFile::Write(absl::string_view bytes) {
  pollfd ready = {fd_, POLLOUT, 0};
  if (poll(&ready, 1, kPauseMs) == 0) return 0;
  // Standard output is shared, and so cannot be made non-blocking; but a pipe or terminal that is
  // ready takes this much at once.
  if (!is_regular_) bytes = bytes.substr(0, std::min<size_t>(bytes.size(), PIPE_BUF));
  const ssize_t written = is_socket_
                              ? send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                              : write(fd_, bytes.data(), bytes.size());
  if (written >= 0) {
    if (written > 0) ends_torn_ = bytes[static_cast<size_t>(written) - 1] != '\n';
    return static_cast<size_t>(written);
  }
  if (errno == EAGAIN || errno == EINTR) return 0;
  const bool full = errno == ENOSPC || errno == EDQUOT;
  const absl::Status failure = Errno("write");
  if (!full || !is_regular_) Close();
  return failure;
}

void AuditFile::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace credbroker
