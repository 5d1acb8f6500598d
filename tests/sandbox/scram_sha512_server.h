#ifndef CREDBROKER_TESTS_SANDBOX_SCRAM_SHA512_SERVER_H_
#define CREDBROKER_TESTS_SANDBOX_SCRAM_SHA512_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "tests/sandbox/scram_server.h"

namespace credbroker::sandbox {

// SCRAM-SHA-512 on OpenSSL, for GNU SASL does not have it. Channel binding is not supported
// (gs2-header "n,,"), nor an authzid.

absl::StatusOr<ScramKeys> DeriveSha512Keys(const std::string& password, const std::string& salt,
                                           unsigned iteration_count);

// server_nonce: the server's part of the nonce, drawn at random if absent (vectors need a given
// one).
absl::StatusOr<std::unique_ptr<ScramServer>> NewSha512Server(
    const ScramKeys& keys, std::optional<std::string> server_nonce);

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_SCRAM_SHA512_SERVER_H_
