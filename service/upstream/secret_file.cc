#include "service/upstream/secret_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kLongestFile = 4096;

// The file's bytes, kLongestFile + 1 at most; nothing if they cannot be had.
std::optional<Secret> ReadFile(const std::string& path) {
  // Not blocking, so that a FIFO does not hold a worker thread for ever.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::array<char, kLongestFile + 1> bytes;
  size_t size = 0;
  ssize_t got = 0;
  do {
    got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got > 0) size += static_cast<size_t>(got);
  } while ((got > 0 && size < bytes.size()) || (got < 0 && errno == EINTR));
  close(fd);
  std::optional<Secret> content;
  if (got >= 0) content = Secret::Copy({bytes.data(), size}, Secret::Place::kSecureHeap);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return content;
}

}  // namespace

absl::StatusOr<Secret> ReadSecretFile(const std::string& path, absl::string_view what) {
  std::optional<Secret> content = ReadFile(path);
  if (!content.has_value()) {
    return Failure(Reason::kLoginRequired, absl::StrCat("the account's ", what, " cannot be read"));
  }
  if (content->size() > kLongestFile) {
    return Failure(Reason::kLoginRequired,
                   absl::StrCat("the account's ", what, " is larger than 4 KiB"));
  }
  return *std::move(content);
}

}  // namespace credbroker
