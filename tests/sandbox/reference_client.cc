#include "tests/sandbox/reference_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace credbroker::sandbox {
namespace {

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

const EVP_MD* HashOf(Mechanism mechanism) {
  if (mechanism == Mechanism::kScramSha1) return EVP_sha1();
  return mechanism == Mechanism::kScramSha256 ? EVP_sha256() : EVP_sha512();
}

std::string Hmac(const EVP_MD* hash, const std::string& key, const std::string& text) {
  std::string out(static_cast<size_t>(EVP_MD_get_size(hash)), '\0');
  HMAC(hash, key.data(), static_cast<int>(key.size()), Bytes(text), text.size(), Bytes(out),
       nullptr);
  return out;
}

std::string Digest(const EVP_MD* hash, const std::string& text) {
  std::string out(static_cast<size_t>(EVP_MD_get_size(hash)), '\0');
  EVP_Digest(text.data(), text.size(), Bytes(out), nullptr, hash, nullptr);
  return out;
}

}  // namespace

ClientResult Compute(const ClientExchange& exchange) {
  const EVP_MD* hash = HashOf(exchange.mechanism);
  const int size = EVP_MD_get_size(hash);
  std::string SaltedPassword(static_cast<size_t>(size), '\0');
  PKCS5_PBKDF2_HMAC(exchange.password.data(), static_cast<int>(exchange.password.size()),
                    Bytes(exchange.salt), static_cast<int>(exchange.salt.size()),
                    exchange.iteration_count, hash, size, Bytes(SaltedPassword));
  const std::string AuthMessage =
      absl::StrCat(exchange.client_first_message_bare, ",", exchange.server_first_message, ",",
                   exchange.client_final_message_without_proof);
  const std::string ClientKey = Hmac(hash, SaltedPassword, "Client Key");
  const std::string ClientSignature = Hmac(hash, Digest(hash, ClientKey), AuthMessage);
  std::string ClientProof = ClientKey;
  for (size_t i = 0; i < ClientProof.size(); ++i) {
    ClientProof[i] = static_cast<char>(ClientProof[i] ^ ClientSignature[i]);
  }
  const std::string ServerKey = Hmac(hash, SaltedPassword, "Server Key");
  return {absl::Base64Escape(ClientProof), absl::Base64Escape(Hmac(hash, ServerKey, AuthMessage))};
}

ClientResult ComputeFromJson(Mechanism mechanism, const std::string& email,
                             const std::string& password, const std::string& client_nonce,
                             const std::string& nonce, const std::string& salt_base64,
                             int iteration_count) {
  ClientExchange exchange = {mechanism, password,       "", "", absl::StrCat("c=biws,r=", nonce),
                             "",        iteration_count};
  absl::Base64Unescape(salt_base64, &exchange.salt);
  exchange.client_first_message_bare = absl::StrCat(
      "n=", absl::StrReplaceAll(email, {{"=", "=3D"}, {",", "=2C"}}), ",r=", client_nonce);
  exchange.server_first_message =
      absl::StrCat("r=", nonce, ",s=", salt_base64, ",i=", iteration_count);
  return Compute(exchange);
}

}  // namespace credbroker::sandbox
