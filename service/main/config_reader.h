#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_READER_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_READER_H_

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "service/main/config.h"
#include "service/main/config_fault.h"

namespace credbroker {

// Reads a configuration file. Either the whole configuration, or all that is wrong with it, by
// line. The files that it names are read too. Those with accounts' secrets are looked at only if
// there is something wrong already, so that all is said at once; else see CheckSecrets. Blocks.
// Never throws, whatever the file holds.
std::variant<Config, Faults> LoadConfig(const std::string& file);

// The same for a file's content, without the secrets. Relative paths in it are relative to the
// folder that `file` is in.
std::variant<Config, Faults> ReadConfig(absl::string_view text, const std::string& file);

// OK if there is a secret of its kind in the file. Blocks.
absl::Status CheckSecret(const SecretFile& secret);

struct SecretFaults {
  // The secret cannot be had. `--check` fails; the service starts without that account.
  Faults faults;
  // It can be had, but by others too; or what else can hardly be meant.
  Faults warnings;
};

// Looks at the files with accounts' secrets that a configuration names. The warnings are those of
// the configuration too. Blocks.
SecretFaults CheckSecrets(const Config& config);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_READER_H_
