#include "service/upstream/file_credential.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"

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
  if (got >= 0) content = Secret::Copy({bytes.data(), size});
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return content;
}

size_t SizeWithoutNewline(absl::string_view text) {
  if (text.empty() || text.back() != '\n') return text.size();
  text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text.size();
}

}  // namespace

FileCredential::FileCredential(std::string path) : path_(std::move(path)) {}

absl::StatusOr<Secret> FileCredential::Read() const {
  const std::optional<Secret> content = ReadFile(path_);
  if (!content.has_value()) {
    return Failure(Reason::kLoginRequired, "the account's password file cannot be read");
  }
  if (content->size() > kLongestFile) {
    return Failure(Reason::kLoginRequired, "the account's password file is larger than 4 KiB");
  }
  const absl::string_view text = content->RevealSecret();
  const size_t size = SizeWithoutNewline(text);
  if (size == 0) return Failure(Reason::kLoginRequired, "the account's password file is empty");
  return Secret::Copy(text.substr(0, size));
}

CallerCredential::CallerCredential(Secret password) : password_(std::move(password)) {}

absl::StatusOr<Secret> CallerCredential::Read() const { return password_.Clone(); }

}  // namespace credbroker
