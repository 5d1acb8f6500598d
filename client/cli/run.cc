#include "client/cli/run.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "client/cli/channel.h"
#include "client/cli/commands.h"
#include "client/cli/failure.h"
#include "client/cli/operator_commands.h"
#include "client/cli/options.h"
#include "client/cli/password.h"
#include "client/cli/render.h"
#include "service/operator/operator_process.h"

namespace credbroker {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

absl::StatusOr<CallSettings> ReadSettings(const Options& options, std::istream& in,
                                          std::ostream& err) {
  CallSettings settings;
  absl::StatusOr<std::string> bearer = ReadBearerToken(options.connection);
  if (!bearer.ok()) return bearer.status();
  settings.bearer_token = *std::move(bearer);
  if (options.password_stdin || !options.password_file.empty()) {
    absl::StatusOr<std::string> password =
        options.password_stdin ? ReadPassword(in, err) : ReadPasswordFile(options.password_file);
    if (!password.ok()) return password.status();
    settings.password = *std::move(password);
  }
  // Counted from here on: the time that somebody needs to type a password is not the broker's.
  if (options.timeout.has_value()) {
    settings.deadline = absl::Now() + *options.timeout;
  } else if (options.command != Command::kWatch) {
    settings.deadline = absl::Now() + kDefaultTimeout;
  }
  return settings;
}

int Fail(std::ostream& err, int exit_code, absl::string_view text) {
  err << "credbroker: " << text << std::endl;
  return exit_code;
}

// Commands that work beside the configuration: what a message says may have several lines.
int Finish(const absl::Status& status, std::ostream& err) {
  if (status.ok()) return kDone;
  const bool usage = absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status);
  return Fail(err, usage ? kWrongUsage : kFailed, status.message());
}

int Run(const Options& options, std::istream& in, std::ostream& out, std::ostream& err,
        absl::Time (*now)()) {
  const bool beside = options.command == Command::kEnroll || options.command == Command::kProbe;
  if (beside) PrepareOperatorProcess();
  if (options.command == Command::kEnroll)
    return Finish(RunEnroll(options, in, err, {out, now}), err);
  if (beside && (!options.spend_attempts || options.no_broker)) {
    return Finish(RunProbe(options, nullptr, {}, {out, now}), err);
  }
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = OpenChannel(options.connection);
  if (!channel.ok()) return Fail(err, kWrongUsage, EscapeForTerminal(channel.status().message()));
  const absl::StatusOr<CallSettings> settings = ReadSettings(options, in, err);
  if (!settings.ok()) return Fail(err, kWrongUsage, EscapeForTerminal(settings.status().message()));
  Connect(**channel, settings->deadline);
  const std::unique_ptr<v1::CredentialBroker::Stub> broker =
      v1::CredentialBroker::NewStub(*channel);
  if (beside) return Finish(RunProbe(options, broker.get(), *settings, {out, now}), err);
  const grpc::Status status = RunCommand(*broker, options, *settings, {out, now});
  if (!out) return kDone;  // The caller says it, for every command alike.
  if (status.ok()) return kDone;
  return Fail(err, kFailed, DescribeFailure(status, options.connection.address));
}

}  // namespace

int RunCredbroker(int argc, const char* const* argv, std::istream& in, std::ostream& out,
                  std::ostream& err, absl::Time (*now)()) {
  const std::variant<Options, NothingToRun> parsed = ParseOptions(argc, argv);
  int exit_code = kDone;
  if (const auto* nothing = std::get_if<NothingToRun>(&parsed)) {
    out << nothing->out;
    err << nothing->err << std::flush;
    exit_code = nothing->exit_code;
  } else {
    exit_code = Run(std::get<Options>(parsed), in, out, err, now);
  }
  // A script must not take half a token for a whole one.
  if (!out.flush()) return Fail(err, kFailed, "cannot write to standard output");
  return exit_code;
}

}  // namespace credbroker
