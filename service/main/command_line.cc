#include "service/main/command_line.h"

#include <sstream>

#include "CLI/CLI.hpp"

namespace credbroker {
namespace {

constexpr int kUsage = 2;

constexpr char kAbout[] =
    "Logs in to upstream tenants with SCRAM and hands out their short-lived tokens over gRPC.";
constexpr char kSignals[] =
    "SIGTERM drains and exits 0. With a bad configuration it prints one line per fault and exits "
    "2.";

}  // namespace

std::variant<CommandLine, CommandLineExit> ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kAbout, "credbrokerd");
  app.footer(kSignals);
  app.add_option("--config", line.config_file, "The configuration file (YAML or JSON)")
      ->required()
      ->type_name("FILE");
  app.add_flag("--check", line.check, "Check the configuration and the files it names, and exit");
  app.set_version_flag("--version", "credbrokerd " CREDBROKER_VERSION);
  // The library knows no other way to say that the command line is wrong, or asks for help.
  try {
    app.parse(argc, argv);
    return line;
  } catch (const CLI::ParseError& e) {
    std::ostringstream text;
    const int code = app.exit(e, text, text);
    return CommandLineExit{code == 0 ? 0 : kUsage, text.str()};
  }
}

}  // namespace credbroker
