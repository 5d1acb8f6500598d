#ifndef CREDBROKER_CLIENT_CLI_COMMANDS_H_
#define CREDBROKER_CLIENT_CLI_COMMANDS_H_

#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "credbroker/v1/credential_broker.grpc.pb.h"

#include "client/cli/options.h"

namespace credbroker {

// What the calls of one run share.
struct CallSettings {
  // Of all calls of the command together; InfiniteFuture: none.
  absl::Time deadline = absl::InfiniteFuture();
  // Sent as "authorization: Bearer …"; empty: not sent. A secret.
  std::string bearer_token;
  // Only for `login`; empty: none. A secret.
  std::string password;
};

// Where a command writes its result, and the clock that remaining lifetimes are told by.
struct ResultSink {
  std::ostream& out;
  absl::Time (*now)();
};

// All pages of the sessions of `tenant` (empty: of all tenants), into `all`. As RunCommand.
grpc::Status ListAllSessions(v1::CredentialBroker::StubInterface& broker, const std::string& tenant,
                             const CallSettings& settings, v1::ListSessionsResponse& all);

// Runs `options.command`, which is one that calls the broker, against `broker` and writes the
// result to `sink.out`, as text or as protobuf's JSON mapping. Only `token`, `watch --show-token`
// and JSON print a token.
//
// The broker's status if a call fails; INTERNAL if it answers with what cannot be an answer. A
// `sink.out` that fails is the caller's to notice; `watch` gives up on it at once.
grpc::Status RunCommand(v1::CredentialBroker::StubInterface& broker, const Options& options,
                        const CallSettings& settings, const ResultSink& sink);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_COMMANDS_H_
