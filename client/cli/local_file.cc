#include "client/cli/local_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace credbroker {

absl::StatusOr<std::string> ReadLocalFile(const std::string& option, const std::string& path,
                                          size_t limit) {
  const auto fault = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(option, " ", path, ": ", what));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fault(std::strerror(errno));
  std::string content(limit + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  // A directory opens, and fails only here.
  if (file.bad()) return fault("cannot be read");
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.empty()) return fault("is empty");
  if (content.size() > limit) return fault(absl::StrCat("holds more than ", limit, " bytes"));
  return content;
}

}  // namespace credbroker
