#ifndef CREDBROKER_TESTS_SANDBOX_SCRAM_SERVER_H_
#define CREDBROKER_TESTS_SANDBOX_SCRAM_SERVER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace credbroker::sandbox {

enum class Mechanism { kScramSha1, kScramSha256, kScramSha512 };

// "SCRAM-SHA-1" and so on; nullopt for any other name.
std::optional<Mechanism> MechanismFromName(absl::string_view name);

// What a server keeps of a password (RFC 5802 section 3), all as raw bytes.
struct ScramKeys {
  std::string salt;
  unsigned iteration_count = 0;
  std::string StoredKey;
  std::string ServerKey;
};

// Bytes that the mechanism's hash puts out.
size_t HashSize(Mechanism mechanism);

// SASLprep (RFC 4013) by GNU SASL; INVALID_ARGUMENT for what the profile prohibits.
absl::StatusOr<std::string> SaslPrep(const std::string& text);

// The keys of a password that has been prepared already.
absl::StatusOr<ScramKeys> DeriveKeys(Mechanism mechanism, const std::string& password,
                                     const std::string& salt, unsigned iteration_count);

// The server's side of one exchange, in the text messages of RFC 5802 section 7. Not thread-safe.
class ScramServer {
 public:
  virtual ~ScramServer() = default;

  // Takes the client-first-message, returns the server-first-message. INVALID_ARGUMENT if it is
  // malformed.
  virtual absl::StatusOr<std::string> First(const std::string& client_first) = 0;

  // Takes the client-final-message, returns the server-final-message ("v=..."). UNAUTHENTICATED if
  // the proof is wrong, INVALID_ARGUMENT if the message is malformed. Only after First succeeded.
  virtual absl::StatusOr<std::string> Final(const std::string& client_final) = 0;
};

// A fresh exchange against these keys: GNU SASL's for SHA-1 and SHA-256, ours for SHA-512.
absl::StatusOr<std::unique_ptr<ScramServer>> NewScramServer(Mechanism mechanism,
                                                            const ScramKeys& keys);

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_SCRAM_SERVER_H_
