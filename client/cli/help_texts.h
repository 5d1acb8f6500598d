#ifndef CREDBROKER_CLIENT_CLI_HELP_TEXTS_H_
#define CREDBROKER_CLIENT_CLI_HELP_TEXTS_H_

#include <array>

#include "client/cli/options.h"

namespace credbroker {

// What `credbroker --help` says before and after the list of options and commands.
extern const char kHelpDescription[];
extern const char kHelpFooter[];

// One command, and what `credbroker COMMAND --help` says of it.
struct CommandText {
  Command command;
  const char* name;
  // One line, for the list of the commands.
  const char* summary;
  // After the list of its options: the rest, with examples.
  const char* footer;
};

// In the order in which people need them.
extern const std::array<CommandText, 8> kCommandTexts;

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_HELP_TEXTS_H_
