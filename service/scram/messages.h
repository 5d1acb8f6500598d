#ifndef CREDBROKER_SERVICE_SCRAM_MESSAGES_H_
#define CREDBROKER_SERVICE_SCRAM_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace credbroker {

// The messages of RFC 5802 section 7 in their text form. Upstream carries their attributes as JSON;
// both sides sign this form. Pure functions.

// What the server answers to the first message, as received.
struct ServerFirst {
  std::string nonce;
  // Base64.
  std::string salt;
  uint64_t iteration_count = 0;
};

// The least iteration count that RFC 5802 section 5.1 (attribute i) and RFC 7677 section 4 allow.
inline constexpr uint32_t kMinIterations = 4096;

// What of a server is believed at most.
struct ScramLimits {
  uint32_t max_iterations = 1'000'000;
  size_t max_nonce_bytes = 1024;
  // Decoded.
  size_t max_salt_bytes = 1024;
};

// The least number of random bytes in a nonce.
inline constexpr size_t kMinNonceBytes = 18;

// The client's nonce: `random_bytes`, kMinNonceBytes at least, as text without a comma (base64).
// Aborts on fewer: the caller is broken.
std::string MakeClientNonce(absl::string_view random_bytes);

// Whether `nonce` is what the attribute r may hold: printable ASCII without comma or space, at
// least one character.
bool IsNonce(absl::string_view nonce);

// saslname: `user`, prepared already, with '=' as "=3D" and ',' as "=2C".
std::string SaslName(absl::string_view user);

// client-first-message-bare: "n=" saslname ",r=" c-nonce. `user` is prepared but not escaped.
std::string ClientFirstMessageBare(absl::string_view user, absl::string_view client_nonce);

// server-first-message: "r=" nonce ",s=" base64 ",i=" posit-number.
std::string ServerFirstMessage(const ServerFirst& server_first);

// client-final-message-without-proof: "c=biws,r=" nonce, "biws" being the base64 of the gs2-header
// "n,,": no channel binding.
std::string ClientFinalMessageWithoutProof(absl::string_view nonce);

// AuthMessage (section 3): the three above, joined by commas.
std::string AuthMessage(absl::string_view client_first_message_bare,
                        absl::string_view server_first_message,
                        absl::string_view client_final_message_without_proof);

// Checks all that the server chose and returns the salt, decoded. UPSTREAM_UNTRUSTED unless the
// nonce begins with `client_nonce`, is longer and is a nonce; the salt is canonical base64 of 1
// byte at least; the count is from kMinIterations to the limit; and all are within `limits`.
absl::StatusOr<std::string> ValidateServerFirst(const ServerFirst& server_first,
                                                absl::string_view client_nonce,
                                                const ScramLimits& limits);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SCRAM_MESSAGES_H_
