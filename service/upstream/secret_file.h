#ifndef CREDBROKER_SERVICE_UPSTREAM_SECRET_FILE_H_
#define CREDBROKER_SERVICE_UPSTREAM_SECRET_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/secret.h"

namespace credbroker {

// The content of a file that holds a secret, 4 KiB at most. LOGIN_REQUIRED if it cannot be read or
// is larger; `what` names it in the message, e.g. "password file". Blocks. No copy stays behind.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path, absl::string_view what);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_SECRET_FILE_H_
