#include "service/callers/bounded_cache.h"

#include <openssl/sha.h>

namespace credbroker {

EvidenceDigest DigestOf(absl::string_view evidence) {
  EvidenceDigest digest;
  SHA256(reinterpret_cast<const unsigned char*>(evidence.data()), evidence.size(), digest.data());
  return digest;
}

}  // namespace credbroker
