#include "client/cli/operator_commands.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "client/cli/failure.h"
#include "client/cli/password.h"
#include "client/cli/render.h"
#include "service/operator/enroll.h"
#include "service/operator/probe.h"

namespace credbroker {
namespace {

// What upstream or a file wrote cannot move the cursor; line ends stay.
std::string ForTerminal(absl::string_view text) {
  std::string escaped;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&escaped, escaped.empty() ? "" : "\n", EscapeForTerminal(line));
  }
  return escaped;
}

absl::Status ForTerminal(const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), ForTerminal(status.message()));
}

absl::Status CannotTell(const std::string& why) {
  return absl::FailedPreconditionError(absl::StrCat(
      "no attempt was spent, since the broker cannot say whether the account is held back: ", why,
      " (--no-broker: there is none)"));
}

// OK if the broker knows the account and does not hold it back.
absl::Status AskForHold(v1::CredentialBroker::StubInterface& broker, const CallSettings& settings,
                        const ConfiguredAccount& account, const std::string& address,
                        absl::Time now) {
  v1::ListSessionsResponse sessions;
  const grpc::Status status = ListAllSessions(broker, account.tenant->name, settings, sessions);
  if (!status.ok()) return CannotTell(DescribeFailure(status, address));
  for (const v1::Session& session : sessions.sessions()) {
    if (session.account() != account.account.name) continue;
    const absl::Time end = FromProto(session.hold_end_time());
    if (!session.has_hold_end_time() || end <= now) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "no attempt was spent: the broker holds the account back until ", TimeText(end),
        ", so that upstream does not lock it; correct the credential, or wait"));
  }
  return CannotTell("it does not know the account; is it the broker of this configuration?");
}

}  // namespace

absl::Status RunEnroll(const Options& options, std::istream& in, std::ostream& err,
                       const ResultSink& sink) {
  EnrollOptions enroll;
  enroll.choice = {options.config_file, options.tenant, options.account};
  enroll.mechanism = options.mechanism;
  enroll.salt = options.salt;
  enroll.iteration_count = options.iterations;
  enroll.keys_file = options.keys_file;
  enroll.overwrite = options.overwrite;
  const absl::StatusOr<Enrolled> enrolled =
      Enroll(enroll, [&] { return ReadNewPassword(in, err); });
  if (!enrolled.ok()) return ForTerminal(enrolled.status());
  if (options.output == OutputFormat::kJson) {
    sink.out << EnrolledJson(*enrolled) << "\n";
  } else {
    sink.out << ForTerminal(absl::StrCat(enrolled->mechanism, " keys of ", enrolled->tenant, "/",
                                         enrolled->account, " (", enrolled->iteration_count,
                                         " iterations) are in ", enrolled->keys_file))
             << "\n";
  }
  return absl::OkStatus();
}

absl::Status RunProbe(const Options& options, v1::CredentialBroker::StubInterface* broker,
                      const CallSettings& settings, const ResultSink& sink) {
  ProbeOptions probe;
  probe.choice = {options.config_file, options.tenant, options.account};
  probe.spend_attempts = options.spend_attempts;
  if (options.spend_attempts && !options.no_broker) {
    const absl::StatusOr<ConfiguredAccount> account = FindConfiguredAccount(probe.choice);
    if (!account.ok()) return ForTerminal(account.status());
    const absl::Status held =
        AskForHold(*broker, settings, *account, options.connection.address, sink.now());
    if (!held.ok()) return ForTerminal(held);
  }
  const absl::StatusOr<ProbeReport> report = Probe(probe, sink.now());
  if (!report.ok()) return ForTerminal(report.status());
  if (options.output == OutputFormat::kJson) {
    sink.out << ReportJson(*report) << "\n";
  } else {
    sink.out << ForTerminal(DescribeReport(*report));
  }
  return report->ok() ? absl::OkStatus() : absl::UnavailableError("something is wrong: see above");
}

}  // namespace credbroker
