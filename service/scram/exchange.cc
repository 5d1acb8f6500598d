#include "service/scram/exchange.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "service/base/base64.h"
#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/scram/saslprep.h"

namespace credbroker {

absl::StatusOr<ScramExchange> ScramExchange::New(Mechanism mechanism, absl::string_view user,
                                                 std::string client_nonce,
                                                 const ScramLimits& limits) {
  if (!IsNonce(client_nonce)) std::abort();
  CREDBROKER_ASSIGN_OR_RETURN(std::string prepared, SaslPrepUser(user));
  return ScramExchange(mechanism, std::move(prepared), std::move(client_nonce), limits);
}

ScramExchange::ScramExchange(Mechanism mechanism, std::string user, std::string client_nonce,
                             const ScramLimits& limits)
    : mechanism_(mechanism),
      user_(std::move(user)),
      client_nonce_(std::move(client_nonce)),
      limits_(limits) {}

ScramExchange::ScramExchange(ScramExchange&& other) noexcept
    : mechanism_(other.mechanism_),
      user_(std::move(other.user_)),
      client_nonce_(std::move(other.client_nonce_)),
      limits_(other.limits_),
      next_(std::exchange(other.next_, Next::kNothing)),
      server_first_(std::move(other.server_first_)),
      server_signature_(std::move(other.server_signature_)) {}

ScramExchange& ScramExchange::operator=(ScramExchange&& other) noexcept {
  mechanism_ = other.mechanism_;
  user_ = std::move(other.user_);
  client_nonce_ = std::move(other.client_nonce_);
  limits_ = other.limits_;
  server_first_ = std::move(other.server_first_);
  server_signature_ = std::move(other.server_signature_);
  next_ = std::exchange(other.next_, Next::kNothing);
  return *this;
}

void ScramExchange::Begin(Next step) {
  if (std::exchange(next_, Next::kNothing) != step) std::abort();
}

ScramExchange::First ScramExchange::ClientFirst() {
  Begin(Next::kClientFirst);
  next_ = Next::kServerFirst;
  return {user_, client_nonce_};
}

absl::StatusOr<KeyParameters> ScramExchange::OnServerFirst(ServerFirst server_first) {
  Begin(Next::kServerFirst);
  CREDBROKER_ASSIGN_OR_RETURN(std::string salt,
                              ValidateServerFirst(server_first, client_nonce_, limits_));
  server_first_ = std::move(server_first);
  next_ = Next::kClientFinal;
  return KeyParameters{mechanism_, std::move(salt),
                       static_cast<uint32_t>(server_first_.iteration_count)};
}

ScramExchange::Final ScramExchange::ClientFinal(const ScramKeys& keys) {
  Begin(Next::kClientFinal);
  const std::string auth_message =
      AuthMessage(ClientFirstMessageBare(user_, client_nonce_), ServerFirstMessage(server_first_),
                  ClientFinalMessageWithoutProof(server_first_.nonce));
  const Secret client_signature =
      ClientSignature(mechanism_, StoredKey(mechanism_, keys.client_key), auth_message);
  const Secret client_proof = ClientProof(keys.client_key, client_signature);
  server_signature_ = ServerSignature(mechanism_, keys.server_key, auth_message);
  next_ = Next::kServerFinal;
  return {server_first_.nonce, Base64Encode(client_proof.RevealSecret())};
}

absl::Status ScramExchange::VerifyServerFinal(absl::string_view signature) {
  Begin(Next::kServerFinal);
  const std::optional<std::string> bytes = StrictBase64Decode(signature);
  // The length is no secret: it is the hash's.
  if (!bytes.has_value() || !EqualInConstantTime(*bytes, server_signature_.RevealSecret())) {
    return Failure(Reason::kUpstreamUntrusted,
                   "upstream did not prove that it knows the account (SCRAM server signature); "
                   "nothing it sent was kept");
  }
  return absl::OkStatus();
}

}  // namespace credbroker
