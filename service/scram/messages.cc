#include "service/scram/messages.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "service/base/base64.h"
#include "service/model/failure.h"

namespace credbroker {

std::string MakeClientNonce(absl::string_view random_bytes) {
  if (random_bytes.size() < kMinNonceBytes) std::abort();
  return Base64Encode(random_bytes);
}

bool IsNonce(absl::string_view nonce) {
  // printable: %x21-2B / %x2D-7E (section 7).
  return !nonce.empty() && std::all_of(nonce.begin(), nonce.end(),
                                       [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

std::string SaslName(absl::string_view user) {
  return absl::StrReplaceAll(user, {{"=", "=3D"}, {",", "=2C"}});
}

std::string ClientFirstMessageBare(absl::string_view user, absl::string_view client_nonce) {
  return absl::StrCat("n=", SaslName(user), ",r=", client_nonce);
}

std::string ServerFirstMessage(const ServerFirst& server_first) {
  return absl::StrCat("r=", server_first.nonce, ",s=", server_first.salt,
                      ",i=", server_first.iteration_count);
}

std::string ClientFinalMessageWithoutProof(absl::string_view nonce) {
  return absl::StrCat("c=biws,r=", nonce);
}

std::string AuthMessage(absl::string_view client_first_message_bare,
                        absl::string_view server_first_message,
                        absl::string_view client_final_message_without_proof) {
  return absl::StrCat(client_first_message_bare, ",", server_first_message, ",",
                      client_final_message_without_proof);
}

absl::StatusOr<std::string> ValidateServerFirst(const ServerFirst& server_first,
                                                absl::string_view client_nonce,
                                                const ScramLimits& limits) {
  const auto refuse = [](absl::string_view why) {
    return Failure(Reason::kUpstreamUntrusted, absl::StrCat("upstream's SCRAM challenge ", why));
  };
  const std::string& nonce = server_first.nonce;
  if (!absl::StartsWith(nonce, client_nonce)) return refuse("does not repeat our nonce");
  if (nonce.size() == client_nonce.size()) return refuse("adds nothing to our nonce");
  if (nonce.size() > limits.max_nonce_bytes) return refuse("has too long a nonce");
  if (!IsNonce(nonce)) return refuse("has a nonce with characters that none may have");

  if (server_first.iteration_count < kMinIterations) return refuse("asks for too few iterations");
  if (server_first.iteration_count > limits.max_iterations) {
    return refuse("asks for more iterations than max_iterations allows");
  }

  // Looked at before it is decoded: base64 makes 4 characters of 3 bytes.
  if (server_first.salt.size() > (limits.max_salt_bytes + 2) / 3 * 4) {
    return refuse("has too long a salt");
  }
  std::optional<std::string> salt = StrictBase64Decode(server_first.salt);
  if (!salt.has_value()) return refuse("has a salt that is not canonical base64");
  if (salt->empty()) return refuse("has no salt");
  if (salt->size() > limits.max_salt_bytes) return refuse("has too long a salt");
  return *std::move(salt);
}

}  // namespace credbroker
