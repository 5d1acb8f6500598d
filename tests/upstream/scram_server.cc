#include "tests/upstream/scram_server.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

using Hash = std::array<uint8_t, 32>;

Hash Hmac(const Hash& key, absl::string_view text) {
  Hash mac;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const uint8_t*>(text.data()), text.size(), mac.data(), nullptr);
  return mac;
}

std::string Base64(const Hash& hash) {
  return absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

}  // namespace

std::string ScramServer::salt_base64() const { return absl::Base64Escape(salt); }

ScramServer::Answers ScramServer::Expect(absl::string_view user,
                                         absl::string_view client_nonce) const {
  const std::string nonce = absl::StrCat(client_nonce, nonce_tail);
  const std::string auth_message =
      absl::StrCat("n=", user, ",r=", client_nonce, ",r=", nonce, ",s=", salt_base64(),
                   ",i=", iterations, ",c=biws,r=", nonce);
  Hash salted_password;
  PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                    reinterpret_cast<const uint8_t*>(salt.data()), static_cast<int>(salt.size()),
                    iterations, EVP_sha256(), static_cast<int>(salted_password.size()),
                    salted_password.data());
  const Hash client_key = Hmac(salted_password, "Client Key");
  Hash stored_key;
  EVP_Digest(client_key.data(), client_key.size(), stored_key.data(), nullptr, EVP_sha256(),
             nullptr);
  Hash proof = Hmac(stored_key, auth_message);
  for (size_t i = 0; i < proof.size(); ++i) {
    proof[i] = static_cast<uint8_t>(proof[i] ^ client_key[i]);
  }
  return {Base64(proof), Base64(Hmac(Hmac(salted_password, "Server Key"), auth_message))};
}

}  // namespace credbroker
