#include "service/scram/keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <cstdlib>

#include "service/scram/mechanism_traits.h"

namespace credbroker {
namespace {

const EVP_MD* Hash(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kScramSha1:
      return EVP_sha1();
    case Mechanism::kScramSha256:
      return EVP_sha256();
    case Mechanism::kScramSha512:
      return EVP_sha512();
  }
  std::abort();
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void Check(bool ok) {
  if (!ok) std::abort();
}

Secret KeyBytes(Mechanism mechanism, absl::FunctionRef<void(absl::Span<uint8_t>)> fill) {
  return Secret::Fill(HashSize(mechanism), fill, Secret::Place::kSecureHeap);
}

Secret Hmac(Mechanism mechanism, const Secret& key, absl::string_view message) {
  return KeyBytes(mechanism, [&](absl::Span<uint8_t> out) {
    unsigned int size = 0;
    Check(HMAC(Hash(mechanism), key.RevealSecret().data(), static_cast<int>(key.size()),
               Bytes(message), message.size(), out.data(), &size) != nullptr);
    Check(size == out.size());
  });
}

}  // namespace

Secret SaltedPassword(const KeyParameters& parameters, const Secret& password) {
  return KeyBytes(parameters.mechanism, [&](absl::Span<uint8_t> out) {
    Check(PKCS5_PBKDF2_HMAC(password.RevealSecret().data(), static_cast<int>(password.size()),
                            Bytes(parameters.salt), static_cast<int>(parameters.salt.size()),
                            static_cast<int>(parameters.iteration_count),
                            Hash(parameters.mechanism), static_cast<int>(out.size()),
                            out.data()) == 1);
  });
}

Secret ClientKey(Mechanism mechanism, const Secret& salted_password) {
  return Hmac(mechanism, salted_password, "Client Key");
}

Secret ServerKey(Mechanism mechanism, const Secret& salted_password) {
  return Hmac(mechanism, salted_password, "Server Key");
}

ScramKeys DeriveKeys(const KeyParameters& parameters, const Secret& password) {
  const Secret salted_password = SaltedPassword(parameters, password);
  return {ClientKey(parameters.mechanism, salted_password),
          ServerKey(parameters.mechanism, salted_password)};
}

Secret StoredKey(Mechanism mechanism, const Secret& client_key) {
  return KeyBytes(mechanism, [&](absl::Span<uint8_t> out) {
    unsigned int size = 0;
    Check(EVP_Digest(client_key.RevealSecret().data(), client_key.size(), out.data(), &size,
                     Hash(mechanism), /*impl=*/nullptr) == 1);
    Check(size == out.size());
  });
}

Secret ClientSignature(Mechanism mechanism, const Secret& stored_key,
                       absl::string_view auth_message) {
  return Hmac(mechanism, stored_key, auth_message);
}

Secret ClientProof(const Secret& client_key, const Secret& client_signature) {
  Check(client_key.size() == client_signature.size());
  return Secret::Fill(client_key.size(), [&](absl::Span<uint8_t> out) {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<uint8_t>(Bytes(client_key.RevealSecret())[i] ^
                                    Bytes(client_signature.RevealSecret())[i]);
    }
  });
}

Secret ServerSignature(Mechanism mechanism, const Secret& server_key,
                       absl::string_view auth_message) {
  return Hmac(mechanism, server_key, auth_message);
}

}  // namespace credbroker
