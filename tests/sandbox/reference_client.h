#ifndef CREDBROKER_TESTS_SANDBOX_REFERENCE_CLIENT_H_
#define CREDBROKER_TESTS_SANDBOX_REFERENCE_CLIENT_H_

#include <string>

#include "tests/sandbox/scram_server.h"

namespace credbroker::sandbox {

// For the names of parametrised tests.
inline std::string TestNameOf(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kScramSha1:
      return "Sha1";
    case Mechanism::kScramSha256:
      return "Sha256";
    case Mechanism::kScramSha512:
      return "Sha512";
  }
  return "";
}

// The client's side of RFC 5802 section 3, for the tests of the sandbox only: plain, and checked
// against the RFCs' own examples (ReferenceClientTest).
struct ClientExchange {
  Mechanism mechanism;
  std::string password;
  std::string client_first_message_bare;
  std::string server_first_message;
  std::string client_final_message_without_proof;
  std::string salt;
  int iteration_count;
};

// Base64, as they travel.
struct ClientResult {
  std::string proof;
  std::string signature;
};

ClientResult Compute(const ClientExchange& exchange);

// As Compute, from the members of the JSON messages.
ClientResult ComputeFromJson(Mechanism mechanism, const std::string& email,
                             const std::string& password, const std::string& client_nonce,
                             const std::string& nonce, const std::string& salt_base64,
                             int iteration_count);

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_REFERENCE_CLIENT_H_
