#ifndef CREDBROKER_CLIENT_CLI_LOCAL_FILE_H_
#define CREDBROKER_CLIENT_CLI_LOCAL_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace credbroker {

// The whole of the file `path`, which the option `option` (e.g. "--ca") named. A pipe will do.
//
// INVALID_ARGUMENT, naming the option and the path but nothing of the content: it cannot be opened
// or read, is empty, or holds more than `limit` bytes.
absl::StatusOr<std::string> ReadLocalFile(const std::string& option, const std::string& path,
                                          size_t limit);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_LOCAL_FILE_H_
