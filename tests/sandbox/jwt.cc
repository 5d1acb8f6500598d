#include "tests/sandbox/jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace credbroker::sandbox {

std::string SignJwt(const nlohmann::json& claims, const std::string& key) {
  const std::string signed_part =
      absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"HS256","typ":"JWT"})"), ".",
                   absl::WebSafeBase64Escape(claims.dump()));
  std::string mac(SHA256_DIGEST_LENGTH, '\0');
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(),
       reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  return absl::StrCat(signed_part, ".", absl::WebSafeBase64Escape(mac));
}

}  // namespace credbroker::sandbox
