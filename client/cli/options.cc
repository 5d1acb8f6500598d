#include "client/cli/options.h"

#include <sstream>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "client/cli/help_texts.h"
#include "client/cli/render.h"

namespace credbroker {
namespace {

constexpr int kUsage = 2;
constexpr absl::Duration kLongestDuration = absl::Hours(24 * 365);

// Validators answer with what is wrong; empty: nothing.
std::string DurationFault(const std::string& text) {
  const absl::StatusOr<absl::Duration> duration = ParseDurationText(text);
  if (!duration.ok()) return std::string(duration.status().message());
  return *duration > kLongestDuration ? "longer than a year" : "";
}

std::string TimeoutFault(const std::string& text) {
  std::string fault = DurationFault(text);
  if (fault.empty() && *ParseDurationText(text) == absl::ZeroDuration()) fault = "must not be 0";
  return fault;
}

std::string GenerationFault(const std::string& text) {
  uint64_t generation = 0;
  return absl::SimpleAtoi(text, &generation) ? "" : "not a number of 64 bits";
}

std::string IterationsFault(const std::string& text) {
  uint64_t count = 0;
  return absl::SimpleAtoi(text, &count) ? "" : "not a number";
}

std::string EmptyFault(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

std::string AddressFault(const std::string& text) {
  return IsHostAndPort(text) ? "" : "not HOST:PORT with a port from 1 to 65535";
}

std::string OutputFault(const std::string& text) {
  return text == "text" || text == "json" ? "" : "neither text nor json";
}

CLI::Validator Check(std::string (*fault)(const std::string&)) {
  return CLI::Validator([fault](std::string& text) { return fault(text); }, "");
}

void AddOption(CLI::App& app, const std::string& name, std::string& target, const char* value,
               const char* text, std::string (*fault)(const std::string&) = EmptyFault) {
  app.add_option(name, target, text)->type_name(value)->check(Check(fault));
}

// Every command has them too, so that they may stand on either side of it.
void AddCommonOptions(CLI::App& app, Options& options) {
  ConnectionOptions& to = options.connection;
  AddOption(app, "--address", to.address, "HOST:PORT", "The broker (127.0.0.1:8443)", AddressFault);
  AddOption(app, "--ca", to.ca_file, "FILE",
            "PEM certificates that may vouch for the broker (the system's)");
  AddOption(app, "--cert", to.cert_file, "FILE", "Your own PEM certificate; needs --key");
  AddOption(app, "--key", to.key_file, "FILE", "The private key of --cert");
  AddOption(app, "--bearer-file", to.bearer_file, "FILE",
            "A file with a bearer token that says who you are");
  app.add_flag("--plaintext", to.plaintext, "No TLS. For a broker on this machine");
  app.add_option_function<std::string>(
         "--output",
         [&options](const std::string& text) {
           options.output = text == "json" ? OutputFormat::kJson : OutputFormat::kText;
         },
         "json: protobuf's JSON mapping, one document a line (text)")
      ->type_name("text|json")
      ->check(Check(OutputFault));
  app.add_option_function<std::string>(
         "--timeout",
         [&options](const std::string& text) { options.timeout = *ParseDurationText(text); },
         "Give up after this long (30s; watch: never)")
      ->type_name("DURATION")
      ->check(Check(TimeoutFault));
  for (CLI::Option* option : app.get_options()) {
    if (option != app.get_help_ptr()) option->group("Connection and output");
  }
}

void AddDeviceOption(CLI::App& app, const char* name, std::optional<std::string>& target,
                     const char* text) {
  app.add_option_function<std::string>(
         name, [&target](const std::string& value) { target = value; }, text)
      ->type_name("TEXT")
      ->group("Device");
}

void AddLoginOptions(CLI::App& app, Options& options) {
  app.add_flag("--force-new", options.force_new, "Log in even if there is a live session");
  app.add_flag("--release-hold", options.release_hold,
               "One attempt in spite of a hold. For operators");
  app.add_flag("--password-stdin", options.password_stdin,
               "Read your own password from standard input");
  AddOption(app, "--password-file", options.password_file, "FILE",
            "Read your own password from a file");
  AddDeviceOption(app, "--device-name", options.device.device_name,
                  "The device's name upstream (credbroker/TENANT/ACCOUNT)");
  AddDeviceOption(app, "--browser", options.device.browser, "The device's browser (none)");
  AddDeviceOption(app, "--os", options.device.os, "The device's system (Linux)");
  AddDeviceOption(app, "--os-version", options.device.os_version,
                  "The version of its system (the broker's)");
}

void AddText(CLI::App& app, const char* name, std::optional<std::string>& target, const char* value,
             const char* text) {
  app.add_option_function<std::string>(
         name, [&target](const std::string& given) { target = given; }, text)
      ->type_name(value)
      ->check(Check(EmptyFault));
}

void AddEnrollOptions(CLI::App& app, Options& options) {
  AddText(app, "--mechanism", options.mechanism, "NAME", "The SCRAM mechanism (the tenant's)");
  AddText(app, "--salt", options.salt, "BASE64", "The account's salt; with --iterations (asked)");
  app.add_option_function<std::string>(
         "--iterations",
         [&options](const std::string& text) {
           uint64_t count = 0;
           if (absl::SimpleAtoi(text, &count)) options.iterations = count;
         },
         "The account's iteration count; with --salt (asked)")
      ->type_name("N")
      ->check(Check(IterationsFault));
  AddOption(app, "--keys-file", options.keys_file, "FILE",
            "Where the keys go (the account's scram_keys_file)");
  app.add_flag("--overwrite", options.overwrite, "Replace a file that is there");
}

void AddProbeOptions(CLI::App& app, Options& options) {
  app.add_flag(
      "--spend-attempts", options.spend_attempts,
      "Try to log in: up to three attempts, one per mechanism, which may lock the account");
  app.add_flag("--no-broker", options.no_broker,
               "With --spend-attempts: no broker runs that could hold the account back");
}

void AddOwnOptions(CLI::App& app, Command command, Options& options) {
  CLI::Option* tenant = app.add_option("--tenant", options.tenant)->type_name("NAME");
  if (command == Command::kSessions) {
    tenant->description("Only this tenant's sessions (all)");
    return;
  }
  tenant->description("Whose credential")->required()->check(Check(EmptyFault));
  app.add_option("--account", options.account, "Which of the tenant's accounts (its first)")
      ->type_name("NAME");
  if (command == Command::kLogin) AddLoginOptions(app, options);
  if (command == Command::kToken) {
    app.add_option_function<std::string>(
           "--min-remaining",
           [&options](const std::string& text) {
             options.min_remaining = *ParseDurationText(text);
           },
           "Renew the token first unless it stays valid for this long")
        ->type_name("DURATION")
        ->check(Check(DurationFault));
  }
  if (command == Command::kRefresh) {
    app.add_option_function<std::string>(
           "--if-generation",
           [&options](const std::string& text) {
             uint64_t generation = 0;
             if (absl::SimpleAtoi(text, &generation)) options.if_generation = generation;
           },
           "Only if the session is still at this generation")
        ->type_name("N")
        ->check(Check(GenerationFault));
  }
  if (command == Command::kEnroll || command == Command::kProbe) {
    AddOption(app, "--config", options.config_file, "FILE", "The broker's configuration");
    app.get_option("--config")->required();
  }
  if (command == Command::kEnroll) AddEnrollOptions(app, options);
  if (command == Command::kProbe) AddProbeOptions(app, options);
  if (command == Command::kWatch) {
    app.add_flag("--show-token", options.show_token, "Print the token too");
  }
}

// What is wrong with options that are each right alone; empty: nothing.
std::string FaultOfCombination(const Options& options) {
  const ConnectionOptions& connection = options.connection;
  if (connection.cert_file.empty() != connection.key_file.empty()) {
    return "--cert and --key go together";
  }
  if (options.password_stdin && !options.password_file.empty()) {
    return "--password-stdin and --password-file exclude each other";
  }
  if (options.salt.has_value() != options.iterations.has_value()) {
    return "--salt and --iterations go together";
  }
  if (options.no_broker && !options.spend_attempts) return "--no-broker needs --spend-attempts";
  if (!connection.plaintext) return "";
  if (!connection.ca_file.empty() || !connection.cert_file.empty()) {
    return "--plaintext excludes --ca, --cert and --key";
  }
  if (IsLoopback(connection.address)) return "";
  if (!connection.bearer_file.empty()) {
    return "--bearer-file with --plaintext would send the token unprotected: only to this machine";
  }
  if (options.password_stdin || !options.password_file.empty()) {
    return "a password with --plaintext would be sent unprotected: only to this machine";
  }
  return "";
}

// Names what nobody expected, without the values: one of them may be a password.
std::string DescribeExtras(const std::vector<std::string>& extras, bool has_command) {
  for (const std::string& extra : extras) {
    if (absl::StartsWith(extra, "--password") || absl::StartsWith(extra, "-p")) {
      return "a password is never given on the command line: use --password-stdin or "
             "--password-file FILE";
    }
    if (absl::StartsWith(extra, "--")) {
      return absl::StrCat("unknown option ", EscapeForTerminal(extra.substr(0, extra.find('='))));
    }
  }
  if (!has_command && !extras.empty() && !absl::StartsWith(extras.front(), "-")) {
    return absl::StrCat("unknown command ", EscapeForTerminal(extras.front()));
  }
  return "more arguments than expected";
}

NothingToRun UsageFault(absl::string_view text, absl::string_view command) {
  return {kUsage, "",
          absl::StrCat("credbroker: ", text, "\n`credbroker", command.empty() ? "" : " ", command,
                       " --help` explains.\n")};
}

NothingToRun FromParseError(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream out;
    std::ostringstream err;
    app.exit(error, out, err);
    return {0, out.str(), err.str()};
  }
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : commands.front()->get_name();
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) return UsageFault(DescribeExtras(extras, !command.empty()), command);
  // Only a switch that was given a value; the library's words repeat the value.
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ConversionError)) {
    return UsageFault("a value for an option that takes none", command);
  }
  if (commands.empty() &&
      error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError)) {
    return UsageFault("a command is needed: token, login, refresh, logout, watch or sessions", "");
  }
  return UsageFault(EscapeForTerminal(error.what()), command);
}

}  // namespace

std::variant<Options, NothingToRun> ParseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kHelpDescription, "credbroker");
  app.footer(kHelpFooter);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  AddCommonOptions(app, options);
  app.set_version_flag("--version", "credbroker " CREDBROKER_VERSION, "Print the version and exit");
  for (const CommandText& text : kCommandTexts) {
    CLI::App* command = app.add_subcommand(text.name, text.summary);
    command->footer(text.footer);
    AddCommonOptions(*command, options);
    AddOwnOptions(*command, text.command, options);
    command->callback([&options, &text] { options.command = text.command; });
  }
  // The library reports by exception; none of them leaves this function.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return FromParseError(app, error);
  }
  const std::string fault = FaultOfCombination(options);
  if (!fault.empty()) return UsageFault(fault, app.get_subcommands().front()->get_name());
  return options;
}

}  // namespace credbroker
