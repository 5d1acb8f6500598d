#ifndef CREDBROKER_TESTS_FAKES_TOKEN_SIGNER_H_
#define CREDBROKER_TESTS_FAKES_TOKEN_SIGNER_H_

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace credbroker {

// RFC 4648 section 5, without padding.
std::string Base64UrlEncode(absl::string_view bytes);

// An issuer of JWTs with a new key. Whatever is not possible aborts the test. A copy is the same
// issuer.
class TokenSigner {
 public:
  static TokenSigner Rsa(unsigned int bits = 2048);
  // An OpenSSL curve's name, e.g. "P-256".
  static TokenSigner Curve(const char* name = "P-256");

  // The public key as a JSON Web Key; `more` is put among its members, e.g. R"("use": "sig")".
  std::string Jwk(absl::string_view kid, absl::string_view more = "") const;

  // The compact form of a JWT of these two JSON texts, whatever they are, with a signature made as
  // RS256 or ES256 wants it.
  std::string Sign(absl::string_view header, absl::string_view payload) const;
  // The same with RSA-PSS padding (PS256), or the signature as DER (which ES256 does not want).
  std::string SignOtherwise(absl::string_view header, absl::string_view payload) const;

 private:
  explicit TokenSigner(EVP_PKEY* key);
  std::string Signature(absl::string_view message, bool pss) const;

  std::shared_ptr<EVP_PKEY> key_;
};

// A key set of these keys, separated by commas.
std::string KeySet(absl::string_view keys);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_TOKEN_SIGNER_H_
