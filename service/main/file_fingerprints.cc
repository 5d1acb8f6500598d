#include "service/main/file_fingerprints.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

constexpr size_t kKeySize = 32;
// The stamps of files are only so fine: two writes within a moment, of the same size, may have the
// same. So a file that was changed lately is read each time.
constexpr absl::Duration kStampsAreCoarse = absl::Seconds(2);

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

bool WasChangedLately(const struct stat& status, absl::Time now) {
  return absl::TimeFromTimespec(status.st_ctim) > now - kStampsAreCoarse;
}

std::string Unreadable(int error) { return absl::StrCat("unreadable ", error); }

}  // namespace

FileFingerprints::FileFingerprints(Random& random) : key_(random.Bytes(kKeySize)) {}

std::string FileFingerprints::Of(const std::string& file, absl::Time now) {
  struct stat status = {};
  if (stat(file.c_str(), &status) != 0) {
    known_.erase(file);
    return Unreadable(errno);
  }
  if (!S_ISREG(status.st_mode)) return "not a file";
  const auto found = known_.find(file);
  if (found != known_.end() && IsSame(found->second.status, status) &&
      !WasChangedLately(status, now)) {
    found->second.asked = true;
    return found->second.fingerprint;
  }
  Known known;
  known.fingerprint = Read(file, known.status);
  std::string fingerprint = known.fingerprint;
  known_.insert_or_assign(file, std::move(known));
  return fingerprint;
}

std::string FileFingerprints::Of(const std::vector<std::string>& files, absl::Time now) {
  std::string all;
  for (const std::string& file : files) absl::StrAppend(&all, file, "\n", Of(file, now), "\n");
  return all;
}

// `status` is that of what was read, from before it was read.
std::string FileFingerprints::Read(const std::string& file, struct stat& status) const {
  status = {};
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Unreadable(errno);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
  bool good = fstat(fd, &status) == 0 && digest != nullptr &&
              EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1 &&
              EVP_DigestUpdate(digest.get(), key_.data(), key_.size()) == 1;
  std::array<char, 16384> bytes;
  ssize_t got = 1;
  while (good && got != 0) {
    got = read(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    good = got >= 0 && EVP_DigestUpdate(digest.get(), bytes.data(), static_cast<size_t>(got)) == 1;
  }
  const int error = errno;
  OPENSSL_cleanse(bytes.data(), bytes.size());
  close(fd);
  std::array<unsigned char, EVP_MAX_MD_SIZE> result;
  unsigned int size = 0;
  if (!good || EVP_DigestFinal_ex(digest.get(), result.data(), &size) != 1) {
    return Unreadable(error);
  }
  return std::string(reinterpret_cast<const char*>(result.data()), size);
}

void FileFingerprints::EndRound() {
  absl::erase_if(known_, [](const auto& entry) { return !entry.second.asked; });
  for (auto& [file, known] : known_) known.asked = false;
}

}  // namespace credbroker
