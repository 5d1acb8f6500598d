#ifndef CREDBROKER_CLIENT_CLI_OPERATOR_COMMANDS_H_
#define CREDBROKER_CLIENT_CLI_OPERATOR_COMMANDS_H_

#include <istream>
#include <ostream>

#include "absl/status/status.h"

#include "client/cli/commands.h"
#include "client/cli/options.h"

namespace credbroker {

// The commands that work beside the broker's configuration rather than through the broker. Each
// writes its result to `sink.out`. INVALID_ARGUMENT and ALREADY_EXISTS are the usage's fault, any
// other failure is not; messages may have several lines, each fit for a terminal.

// Asks for the password on `err` if `in` is a terminal.
absl::Status RunEnroll(const Options& options, std::istream& in, std::ostream& err,
                       const ResultSink& sink);

// `broker` is asked whether the account is held back before an attempt is spent; it is not needed
// otherwise, and may be null then and with --no-broker.
absl::Status RunProbe(const Options& options, v1::CredentialBroker::StubInterface* broker,
                      const CallSettings& settings, const ResultSink& sink);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_OPERATOR_COMMANDS_H_
