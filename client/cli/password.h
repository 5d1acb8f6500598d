#ifndef CREDBROKER_CLIENT_CLI_PASSWORD_H_
#define CREDBROKER_CLIENT_CLI_PASSWORD_H_

#include <istream>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"

namespace credbroker {

// The longest password that the broker takes.
inline constexpr size_t kMaxPasswordBytes = 1024;

// The one line that `in` holds, without its end ("\n" or "\r\n"). If `in` is the program's standard
// input and that is a terminal, asks for it on `err` and does not show what is typed.
//
// INVALID_ARGUMENT, naming `source` but without a byte of the input: empty, longer than
// kMaxPasswordBytes, a second line, or a control character.
absl::StatusOr<std::string> ReadPassword(std::istream& in, std::ostream& err,
                                         const std::string& source = "--password-stdin");

// The same for a password that nobody checks at once: at a terminal it is asked for twice.
// INVALID_ARGUMENT too if the two differ.
absl::StatusOr<std::string> ReadNewPassword(std::istream& in, std::ostream& err);

// The same of a file, which `--password-file` named.
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_PASSWORD_H_
