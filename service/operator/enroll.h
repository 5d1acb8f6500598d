#ifndef CREDBROKER_SERVICE_OPERATOR_ENROLL_H_
#define CREDBROKER_SERVICE_OPERATOR_ENROLL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "service/operator/configured_account.h"

namespace credbroker {

struct EnrollOptions {
  AccountChoice choice;
  // What the keys are made for; each if absent as the tenant or upstream has it. A salt (base64)
  // and an iteration count come together.
  std::optional<std::string> mechanism;
  std::optional<std::string> salt;
  std::optional<uint64_t> iteration_count;
  // Where the keys go; empty: the account's scram_keys_file.
  std::string keys_file;
  bool overwrite = false;
};

struct Enrolled {
  std::string tenant;
  std::string account;
  std::string mechanism;
  uint32_t iteration_count = 0;
  std::string keys_file;
};

// Makes an account's SCRAM keys from its password and writes them to a file (scram_keys_file.h), so
// that the broker can log in without ever having the password. Asks upstream for the account's salt
// and iteration count unless they are given: one call to /auth/auth, which is no login attempt. So
// the password is not tried either: whether it is right shows at the broker's next login.
//
// `read_password` is called when nothing else is missing; what it returns is wiped.
// INVALID_ARGUMENT: the options, the configuration or the password will not do; ALREADY_EXISTS: the
// file is there; else upstream's failure, or the file's. Blocks. After PrepareOperatorProcess.
absl::StatusOr<Enrolled> Enroll(const EnrollOptions& options,
                                absl::FunctionRef<absl::StatusOr<std::string>()> read_password);

// One JSON object in one line without its end, with the members of Enrolled in camelCase.
std::string EnrolledJson(const Enrolled& enrolled);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_ENROLL_H_
