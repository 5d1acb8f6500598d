#ifndef CREDBROKER_SERVICE_BASE_WHOLE_FILE_H_
#define CREDBROKER_SERVICE_BASE_WHOLE_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace credbroker {

// The content of a file (or pipe) of at most `limit` bytes. NOT_FOUND, OUT_OF_RANGE (larger),
// FAILED_PRECONDITION (a directory) or what errno says; the message names no file. Blocks.
absl::StatusOr<std::string> ReadWholeFile(const std::string& file, size_t limit);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_WHOLE_FILE_H_
