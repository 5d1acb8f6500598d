#ifndef CREDBROKER_SERVICE_CALLERS_JSON_WEB_KEY_SET_H_
#define CREDBROKER_SERVICE_CALLERS_JSON_WEB_KEY_SET_H_

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace credbroker {

// A public key, and the one algorithm that it is for (RFC 8725 section 3.1: the token does not get
// to choose). Thread-safe.
class JsonWebKey {
 public:
  // RFC 7518 sections 3.3 and 3.4.
  enum class Algorithm { kRs256, kEs256 };

  JsonWebKey(Algorithm algorithm, std::shared_ptr<EVP_PKEY> key);

  Algorithm algorithm() const { return algorithm_; }
  // The `alg` of its tokens: "RS256" or "ES256".
  absl::string_view algorithm_name() const;

  // Whether `signature`, as it is in a token, is this key's for `message`.
  bool Verifies(absl::string_view message, absl::string_view signature) const;

 private:
  Algorithm algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

// The keys of an issuer (RFC 7517 section 5). Immutable.
//
// Taken are RSA keys of 2048 to 8192 bits, for RS256, and keys on P-256, for ES256; each must have
// a `kid`. Others are passed over, as section 5 wants it, also those whose `use`, `key_ops` or
// `alg` says that they are for something else: so a shared secret ("oct") never gets in.
class JsonWebKeySet {
 public:
  // INVALID_ARGUMENT if it is no key set, is over 256 KiB, has two keys of one `kid`, or none that
  // can be taken. The message quotes nothing. Pure.
  static absl::StatusOr<JsonWebKeySet> Parse(absl::string_view json);

  // Null if there is none. Belongs to the set.
  const JsonWebKey* Find(absl::string_view kid) const;
  size_t size() const { return keys_.size(); }

 private:
  absl::flat_hash_map<std::string, JsonWebKey> keys_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_JSON_WEB_KEY_SET_H_
