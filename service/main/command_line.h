#ifndef CREDBROKER_SERVICE_MAIN_COMMAND_LINE_H_
#define CREDBROKER_SERVICE_MAIN_COMMAND_LINE_H_

#include <string>
#include <variant>

namespace credbroker {

// What credbrokerd is asked to do.
struct CommandLine {
  std::string config_file;
  // Only look whether the configuration is good.
  bool check = false;
};

// Nothing is to be done but to print this and exit: help, the version, or a wrong command line.
struct CommandLineExit {
  // 0 or 2.
  int code = 0;
  // For stdout if the code is 0, else for stderr. Ends with a newline.
  std::string text;
};

// `argv[0]` is the program's name, as in main.
std::variant<CommandLine, CommandLineExit> ParseCommandLine(int argc, const char* const* argv);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_COMMAND_LINE_H_
