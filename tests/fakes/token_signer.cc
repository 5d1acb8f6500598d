#include "tests/fakes/token_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "service/base/base64.h"

namespace credbroker {
namespace {

void Need(bool met, const char* what) {
  if (met) return;
  std::fprintf(stderr, "a test's token cannot be made: %s\n", what);
  std::abort();
}

std::string NumberOf(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  Need(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  std::string octets(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(octets.data()));
  BN_free(number);
  return octets;
}

// SEC 1 section 2.3.3: 4, then the two coordinates.
std::string PointOf(EVP_PKEY* key) {
  unsigned char point[200];
  size_t size = 0;
  Need(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) ==
           1,
       "point");
  return std::string(reinterpret_cast<const char*>(point), size);
}

// RFC 7518 section 3.4, from DER.
std::string RAndS(absl::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  Need(both != nullptr, "DER");
  std::string octets(64, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(octets.data());
  Need(BN_bn2binpad(ECDSA_SIG_get0_r(both), to, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(both), to + 32, 32) == 32,
       "R and S");
  ECDSA_SIG_free(both);
  return octets;
}

std::string SigningInput(absl::string_view header, absl::string_view payload) {
  return absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
}

}  // namespace

std::string Base64UrlEncode(absl::string_view bytes) {
  return absl::StrReplaceAll(Base64Encode(bytes), {{"+", "-"}, {"/", "_"}, {"=", ""}});
}

std::string KeySet(absl::string_view keys) { return absl::StrCat(R"({"keys": [)", keys, "]}"); }

TokenSigner::TokenSigner(EVP_PKEY* key) : key_(key, EVP_PKEY_free) { Need(key != nullptr, "key"); }

TokenSigner TokenSigner::Rsa(unsigned int bits) { return TokenSigner(EVP_RSA_gen(bits)); }

TokenSigner TokenSigner::Curve(const char* name) { return TokenSigner(EVP_EC_gen(name)); }

std::string TokenSigner::Jwk(absl::string_view kid, absl::string_view more) const {
  std::string members;
  if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA) {
    members = absl::StrCat(
        R"("kty": "RSA", "n": ")", Base64UrlEncode(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_N)),
        R"(", "e": ")", Base64UrlEncode(NumberOf(key_.get(), OSSL_PKEY_PARAM_RSA_E)), "\"");
  } else {
    const std::string point = PointOf(key_.get());
    const size_t half = point.size() / 2;
    members = absl::StrCat(R"("kty": "EC", "crv": ")", half == 32 ? "P-256" : "P-384",
                           R"(", "x": ")", Base64UrlEncode(point.substr(1, half)), R"(", "y": ")",
                           Base64UrlEncode(point.substr(1 + half)), "\"");
  }
  return absl::StrCat("{", members, R"(, "kid": ")", kid, "\"", more.empty() ? "" : ", ", more,
                      "}");
}

std::string TokenSigner::Signature(absl::string_view message, bool pss) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  Need(EVP_DigestSignInit(context, &parameters, EVP_sha256(), nullptr, key_.get()) == 1, "sign");
  if (pss) EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
  const auto* const octets = reinterpret_cast<const unsigned char*>(message.data());
  std::string signature(1024, '\0');
  size_t size = signature.size();
  Need(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, octets,
                      message.size()) == 1,
       "signature");
  EVP_MD_CTX_free(context);
  signature.resize(size);
  return signature;
}

std::string TokenSigner::Sign(absl::string_view header, absl::string_view payload) const {
  const std::string input = SigningInput(header, payload);
  const std::string signature = Signature(input, /*pss=*/false);
  const bool is_rsa = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA;
  return absl::StrCat(input, ".", Base64UrlEncode(is_rsa ? signature : RAndS(signature)));
}

std::string TokenSigner::SignOtherwise(absl::string_view header, absl::string_view payload) const {
  const std::string input = SigningInput(header, payload);
  const bool is_rsa = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA;
  return absl::StrCat(input, ".", Base64UrlEncode(Signature(input, is_rsa)));
}

}  // namespace credbroker
