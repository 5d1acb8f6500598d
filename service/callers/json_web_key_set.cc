#include "service/callers/json_web_key_set.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "service/base/base64.h"
#include "service/base/json.h"
#include "service/base/status_macros.h"

namespace credbroker {
namespace {

constexpr size_t kLongestSet = 256 << 10;
constexpr size_t kMostKeys = 256;
constexpr int kFewestRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
// The two halves of a signature, and the coordinates of a point (RFC 7518 sections 3.4 and 6.2.1).
constexpr size_t kP256Bytes = 32;

struct OpenSslFreer {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <typename T>
using OpenSslOwned = std::unique_ptr<T, OpenSslFreer>;

const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

OpenSslOwned<BIGNUM> ToNumber(absl::string_view octets) {
  return OpenSslOwned<BIGNUM>(BN_bin2bn(Octets(octets), static_cast<int>(octets.size()), nullptr));
}

// Null if OpenSSL finds a fault in it.
std::shared_ptr<EVP_PKEY> MakeKey(const char* type, OSSL_PARAM_BLD* builder) {
  const OpenSslOwned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const OpenSslOwned<EVP_PKEY_CTX> maker(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (parameters == nullptr || maker == nullptr || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  std::shared_ptr<EVP_PKEY> key(made, EVP_PKEY_free);
  const OpenSslOwned<EVP_PKEY_CTX> checker(EVP_PKEY_CTX_new(made, nullptr));
  if (checker == nullptr || EVP_PKEY_public_check(checker.get()) != 1) return nullptr;
  return key;
}

std::optional<std::string> OctetsMember(const Json& key, absl::string_view name) {
  const std::optional<std::string> text = StringMember(key, name);
  return text.has_value() ? StrictBase64UrlDecode(*text) : std::nullopt;
}

// RFC 7518 section 6.3.1.
std::shared_ptr<EVP_PKEY> RsaKey(const Json& key) {
  const auto n = OctetsMember(key, "n");
  const auto e = OctetsMember(key, "e");
  if (!n.has_value() || !e.has_value() || n->size() > kMostRsaBits / 8 || e->size() > 4) {
    return nullptr;
  }
  const OpenSslOwned<BIGNUM> modulus = ToNumber(*n);
  const OpenSslOwned<BIGNUM> exponent = ToNumber(*e);
  if (BN_num_bits(modulus.get()) < kFewestRsaBits || BN_is_odd(modulus.get()) != 1 ||
      BN_is_odd(exponent.get()) != 1 || BN_is_one(exponent.get()) == 1) {
    return nullptr;
  }
  const OpenSslOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return MakeKey("RSA", builder.get());
}

// RFC 7518 section 6.2.1.
std::shared_ptr<EVP_PKEY> P256Key(const Json& key) {
  const auto x = OctetsMember(key, "x");
  const auto y = OctetsMember(key, "y");
  if (StringMember(key, "crv") != "P-256" || !x.has_value() || !y.has_value() ||
      x->size() != kP256Bytes || y->size() != kP256Bytes) {
    return nullptr;
  }
  // SEC 1 section 2.3.3: an uncompressed point.
  const std::string point = absl::StrCat("\x04", *x, *y);
  const OpenSslOwned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return MakeKey("EC", builder.get());
}

// RFC 7517 sections 4.2 to 4.4: what is there must allow it.
bool IsForVerifying(const Json& key, absl::string_view algorithm) {
  if (key.contains("alg") && StringMember(key, "alg") != algorithm) return false;
  if (key.contains("use") && StringMember(key, "use") != "sig") return false;
  const auto operations = key.find("key_ops");
  return operations == key.end() ||
         (operations->is_array() &&
          std::any_of(operations->begin(), operations->end(),
                      [](const Json& operation) { return operation == "verify"; }));
}

std::optional<JsonWebKey> ReadKey(const Json& key) {
  const std::optional<std::string> type = StringMember(key, "kty");
  std::shared_ptr<EVP_PKEY> made;
  auto algorithm = JsonWebKey::Algorithm::kRs256;
  if (type == "RSA" && IsForVerifying(key, "RS256")) {
    made = RsaKey(key);
  } else if (type == "EC" && IsForVerifying(key, "ES256")) {
    algorithm = JsonWebKey::Algorithm::kEs256;
    made = P256Key(key);
  }
  // Whoever uses OpenSSL next on this thread would take what is left there for its own failure.
  ERR_clear_error();
  if (made == nullptr) return std::nullopt;
  return JsonWebKey(algorithm, std::move(made));
}

// RFC 7518 section 3.4: R and S, one after the other. OpenSSL wants them as DER; empty if they are
// not that.
std::string ToDer(absl::string_view signature) {
  if (signature.size() != 2 * kP256Bytes) return "";
  OpenSslOwned<BIGNUM> r = ToNumber(signature.substr(0, kP256Bytes));
  OpenSslOwned<BIGNUM> s = ToNumber(signature.substr(kP256Bytes));
  const OpenSslOwned<ECDSA_SIG> both(ECDSA_SIG_new());
  if (both == nullptr || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return "";
  r.release();
  s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  if (size <= 0) return "";
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

JsonWebKey::JsonWebKey(Algorithm algorithm, std::shared_ptr<EVP_PKEY> key)
    : algorithm_(algorithm), key_(std::move(key)) {}

absl::string_view JsonWebKey::algorithm_name() const {
  return algorithm_ == Algorithm::kRs256 ? "RS256" : "ES256";
}

bool JsonWebKey::Verifies(absl::string_view message, absl::string_view signature) const {
  std::string der;
  if (algorithm_ == Algorithm::kEs256) {
    der = ToDer(signature);
    signature = der;
  }
  // Padding is PKCS #1 v1.5 (RFC 7518 section 3.3) unless it is asked for another.
  const OpenSslOwned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const bool verifies =
      !signature.empty() && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                       message.size()) == 1;
  ERR_clear_error();
  return verifies;
}

absl::StatusOr<JsonWebKeySet> JsonWebKeySet::Parse(absl::string_view json) {
  if (json.size() > kLongestSet) return absl::InvalidArgumentError("the key set is too long");
  CREDBROKER_ASSIGN_OR_RETURN(const Json document, ParseUntrustedJson(json));
  const auto keys = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || keys == document.end() || !keys->is_array() ||
      keys->size() > kMostKeys) {
    return absl::InvalidArgumentError("not a JSON Web Key Set");
  }
  JsonWebKeySet set;
  for (const Json& key : *keys) {
    const std::optional<std::string> kid = StringMember(key, "kid");
    if (!kid.has_value() || kid->empty()) continue;
    std::optional<JsonWebKey> read = ReadKey(key);
    if (!read.has_value()) continue;
    if (!set.keys_.emplace(*kid, *std::move(read)).second) {
      return absl::InvalidArgumentError("the key set has two keys of one name");
    }
  }
  if (set.keys_.empty()) {
    return absl::InvalidArgumentError(
        "the key set has no key for RS256 (2048 bits or more) or ES256");
  }
  return set;
}

const JsonWebKey* JsonWebKeySet::Find(absl::string_view kid) const {
  const auto found = keys_.find(kid);
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace credbroker
