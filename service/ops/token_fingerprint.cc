#include "service/ops/token_fingerprint.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace credbroker {
namespace {

constexpr size_t kBytes = 8;

}  // namespace

std::string TokenFingerprint(const Secret& token) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  const absl::string_view bytes = token.RevealSecret();
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), kBytes));
}

}  // namespace credbroker
