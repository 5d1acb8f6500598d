#ifndef CREDBROKER_SERVICE_SCRAM_KEYS_H_
#define CREDBROKER_SERVICE_SCRAM_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "service/base/secret.h"
#include "service/model/mechanism.h"

namespace credbroker {

// The arithmetic of RFC 5802 section 3. Pure functions; they abort if the cryptographic library
// fails, since nothing after that would be safe. All results have the size of the hash.

// What the keys depend on besides the password.
struct KeyParameters {
  Mechanism mechanism = Mechanism::kScramSha1;
  // Decoded.
  std::string salt;
  uint32_t iteration_count = 0;

  friend bool operator==(const KeyParameters& a, const KeyParameters& b) {
    return a.mechanism == b.mechanism && a.salt == b.salt && a.iteration_count == b.iteration_count;
  }
};

// What stands for a password: whoever has both can log in and can pose as the server.
struct ScramKeys {
  Secret client_key;
  Secret server_key;

  ScramKeys Clone() const { return {client_key.Clone(), server_key.Clone()}; }
};

// SaltedPassword := Hi(Normalize(password), salt, i), where Hi is PBKDF2 with HMAC. The password is
// normalized already. Takes long on purpose, in proportion to the count: for worker threads.
Secret SaltedPassword(const KeyParameters& parameters, const Secret& password);

// ClientKey := HMAC(SaltedPassword, "Client Key")
Secret ClientKey(Mechanism mechanism, const Secret& salted_password);

// ServerKey := HMAC(SaltedPassword, "Server Key")
Secret ServerKey(Mechanism mechanism, const Secret& salted_password);

// Both keys of a normalized password. As slow as SaltedPassword.
ScramKeys DeriveKeys(const KeyParameters& parameters, const Secret& password);

// StoredKey := H(ClientKey)
Secret StoredKey(Mechanism mechanism, const Secret& client_key);

// ClientSignature := HMAC(StoredKey, AuthMessage)
Secret ClientSignature(Mechanism mechanism, const Secret& stored_key,
                       absl::string_view auth_message);

// ClientProof := ClientKey XOR ClientSignature. Both of one size.
Secret ClientProof(const Secret& client_key, const Secret& client_signature);

// ServerSignature := HMAC(ServerKey, AuthMessage)
Secret ServerSignature(Mechanism mechanism, const Secret& server_key,
                       absl::string_view auth_message);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SCRAM_KEYS_H_
