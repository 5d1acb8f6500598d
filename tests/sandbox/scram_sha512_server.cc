#include "tests/sandbox/scram_sha512_server.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "tests/sandbox/random.h"

namespace credbroker::sandbox {
namespace {

constexpr size_t kSize = SHA512_DIGEST_LENGTH;

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string HmacSha512(const std::string& key, const std::string& text) {
  std::string out(kSize, '\0');
  HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(), Bytes(out),
       nullptr);
  return out;
}

std::string Sha512(const std::string& text) {
  std::string out(kSize, '\0');
  SHA512(Bytes(text), text.size(), Bytes(out));
  return out;
}

class Sha512Server : public ScramServer {
 public:
  Sha512Server(ScramKeys keys, std::string server_nonce)
      : keys_(std::move(keys)), server_nonce_(std::move(server_nonce)) {}

  absl::StatusOr<std::string> First(const std::string& client_first) override {
    absl::string_view bare = client_first;
    if (!absl::ConsumePrefix(&bare, "n,,")) return absl::InvalidArgumentError("gs2-header");
    const std::vector<std::string> attributes = absl::StrSplit(bare, ',');
    if (attributes.size() != 2 || !absl::StartsWith(attributes[0], "n=") ||
        !absl::StartsWith(attributes[1], "r=") || attributes[1].size() < 3) {
      return absl::InvalidArgumentError("client-first-message");
    }
    nonce_ = attributes[1].substr(2) + server_nonce_;
    client_first_message_bare_ = std::string(bare);
    server_first_message_ = absl::StrCat("r=", nonce_, ",s=", absl::Base64Escape(keys_.salt),
                                         ",i=", keys_.iteration_count);
    return server_first_message_;
  }

  absl::StatusOr<std::string> Final(const std::string& client_final) override {
    const std::string client_final_message_without_proof = absl::StrCat("c=biws,r=", nonce_);
    absl::string_view proof_base64 = client_final;
    std::string ClientProof;
    if (!absl::ConsumePrefix(&proof_base64, client_final_message_without_proof + ",p=") ||
        !absl::Base64Unescape(proof_base64, &ClientProof) || ClientProof.size() != kSize) {
      return absl::InvalidArgumentError("client-final-message");
    }
    const std::string AuthMessage =
        absl::StrCat(client_first_message_bare_, ",", server_first_message_, ",",
                     client_final_message_without_proof);
    // ClientKey := ClientProof XOR HMAC(StoredKey, AuthMessage), and StoredKey == H(ClientKey):
    // RFC 5802 section 3.
    std::string ClientKey = HmacSha512(keys_.StoredKey, AuthMessage);
    for (size_t i = 0; i < kSize; ++i) {
      ClientKey[i] = static_cast<char>(ClientKey[i] ^ ClientProof[i]);
    }
    if (CRYPTO_memcmp(Sha512(ClientKey).data(), keys_.StoredKey.data(), kSize) != 0) {
      return absl::UnauthenticatedError("wrong proof");
    }
    // ServerSignature := HMAC(ServerKey, AuthMessage)
    return absl::StrCat("v=", absl::Base64Escape(HmacSha512(keys_.ServerKey, AuthMessage)));
  }

 private:
  const ScramKeys keys_;
  const std::string server_nonce_;
  std::string nonce_;
  std::string client_first_message_bare_;
  std::string server_first_message_;
};

}  // namespace

absl::StatusOr<ScramKeys> DeriveSha512Keys(const std::string& password, const std::string& salt,
                                           unsigned iteration_count) {
  std::string SaltedPassword(kSize, '\0');
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Bytes(salt),
                        static_cast<int>(salt.size()), static_cast<int>(iteration_count),
                        EVP_sha512(), static_cast<int>(kSize), Bytes(SaltedPassword)) != 1) {
    return absl::InternalError("OpenSSL could not derive the keys");
  }
  return ScramKeys{salt, iteration_count, Sha512(HmacSha512(SaltedPassword, "Client Key")),
                   HmacSha512(SaltedPassword, "Server Key")};
}

absl::StatusOr<std::unique_ptr<ScramServer>> NewSha512Server(
    const ScramKeys& keys, std::optional<std::string> server_nonce) {
  if (keys.StoredKey.size() != kSize || keys.ServerKey.size() != kSize) {
    return absl::InvalidArgumentError("keys of another mechanism");
  }
  return std::make_unique<Sha512Server>(keys,
                                        server_nonce ? *std::move(server_nonce) : RandomText());
}

}  // namespace credbroker::sandbox
