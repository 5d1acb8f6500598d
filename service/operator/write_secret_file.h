#ifndef CREDBROKER_SERVICE_OPERATOR_WRITE_SECRET_FILE_H_
#define CREDBROKER_SERVICE_OPERATOR_WRITE_SECRET_FILE_H_

#include <string>

#include "absl/status/status.h"

#include "service/base/secret.h"

namespace credbroker {

// Writes a file that only its owner may read (0600), as a whole or not at all: whoever opens `path`
// meanwhile finds what was there before. On disk when this returns. ALREADY_EXISTS if there is
// something at `path` and `overwrite` is false. Blocks.
absl::Status WriteSecretFile(const std::string& path, const Secret& content, bool overwrite);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_WRITE_SECRET_FILE_H_
