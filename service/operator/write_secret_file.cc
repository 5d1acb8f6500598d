#include "service/operator/write_secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "service/base/status_macros.h"

namespace credbroker {
namespace {

absl::Status AlreadyThere() {
  return absl::AlreadyExistsError("there is a file already; --overwrite replaces it");
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "it cannot be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(fd) != 0) return absl::ErrnoToStatus(errno, "it cannot be written");
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to, bool overwrite) {
  const unsigned flags = overwrite ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0) return absl::OkStatus();
  if (errno == EEXIST) return AlreadyThere();
  // Some file systems cannot promise not to replace; a hard link does.
  if (errno != EINVAL || overwrite) return absl::ErrnoToStatus(errno, "it cannot be put there");
  if (link(from.c_str(), to.c_str()) != 0) {
    return errno == EEXIST ? AlreadyThere() : absl::ErrnoToStatus(errno, "it cannot be put there");
  }
  unlink(from.c_str());
  return absl::OkStatus();
}

// So that the name survives a crash too. Where a folder cannot be opened, that is as it is.
void SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::Status WriteSecretFile(const std::string& path, const Secret& content, bool overwrite) {
  struct stat there;
  if (!overwrite && lstat(path.c_str(), &there) == 0) return AlreadyThere();
  std::string fresh = absl::StrCat(path, ".XXXXXX");
  const int fd = mkostemp(fresh.data(), O_CLOEXEC);  // 0600
  if (fd < 0) return absl::ErrnoToStatus(errno, "no file can be made there");
  absl::Status status = WriteAll(fd, content.RevealSecret());
  close(fd);
  if (status.ok()) status = Rename(fresh, path, overwrite);
  if (!status.ok()) {
    unlink(fresh.c_str());
    return status;
  }
  SyncFolderOf(path);
  return absl::OkStatus();
}

}  // namespace credbroker
