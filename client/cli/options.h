#ifndef CREDBROKER_CLIENT_CLI_OPTIONS_H_
#define CREDBROKER_CLIENT_CLI_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"

#include "client/cli/channel.h"

namespace credbroker {

enum class Command { kLogin, kToken, kRefresh, kLogout, kWatch, kSessions, kEnroll, kProbe };

enum class OutputFormat { kText, kJson };

// What `login` tells the upstream about the device; an absent text leaves the broker's default.
struct DeviceOptions {
  std::optional<std::string> device_name;
  std::optional<std::string> browser;
  std::optional<std::string> os;
  std::optional<std::string> os_version;
};

// A command line that makes sense: what needs another option has it, what excludes one another is
// not there twice. Files are named, not yet read.
struct Options {
  Command command = Command::kToken;
  ConnectionOptions connection;
  OutputFormat output = OutputFormat::kText;
  // Absent: 30 s, for `watch` none.
  std::optional<absl::Duration> timeout;

  // Not empty, except for `sessions`.
  std::string tenant;
  // Empty: the tenant's first.
  std::string account;

  // login
  bool force_new = false;
  bool release_hold = false;
  bool password_stdin = false;
  std::string password_file;
  DeviceOptions device;

  // token
  std::optional<absl::Duration> min_remaining;

  // refresh
  std::optional<uint64_t> if_generation;

  // watch
  bool show_token = false;

  // enroll, probe: the broker's configuration. Not empty.
  std::string config_file;

  // enroll
  std::optional<std::string> mechanism;
  std::optional<std::string> salt;
  std::optional<uint64_t> iterations;
  std::string keys_file;
  bool overwrite = false;

  // probe
  bool spend_attempts = false;
  bool no_broker = false;
};

// The command line asks for nothing of the broker: it is wrong, or `--help` or `--version`.
struct NothingToRun {
  // 0 or 2.
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Reads `argv` (`argc` strings, the program's name first). Options of the connection and the output
// may stand before or after the command; given in both places, the one after the command holds.
//
// Nothing but the name of an option or command is repeated in `err`: the rest may be a password.
std::variant<Options, NothingToRun> ParseOptions(int argc, const char* const* argv);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_OPTIONS_H_
