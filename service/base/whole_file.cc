#include "service/base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

class File {
 public:
  explicit File(const std::string& name) : fd_(open(name.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Unreadable(int error) {
  if (error == ENOENT) return absl::NotFoundError("the file does not exist");
  return absl::ErrnoToStatus(error, "the file cannot be read");
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& file, size_t limit) {
  const File opened(file);
  if (opened.fd() < 0) return Unreadable(errno);
  struct stat status;
  if (fstat(opened.fd(), &status) != 0) return Unreadable(errno);
  if (S_ISDIR(status.st_mode)) return absl::FailedPreconditionError("this is a directory");
  std::string content;
  while (content.size() <= limit) {
    const size_t done = content.size();
    content.resize(done + 65536);
    const ssize_t got = read(opened.fd(), content.data() + done, content.size() - done);
    const int error = errno;
    content.resize(got > 0 ? done + static_cast<size_t>(got) : done);
    if (got == 0) return content;
    if (got < 0 && error != EINTR) return Unreadable(error);
  }
  return absl::OutOfRangeError(absl::StrCat("the file is larger than ", limit, " bytes"));
}

}  // namespace credbroker
