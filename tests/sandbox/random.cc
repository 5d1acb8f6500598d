#include "tests/sandbox/random.h"

#include <openssl/rand.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace credbroker::sandbox {

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    std::abort();
  }
  return bytes;
}

std::string RandomText() { return absl::WebSafeBase64Escape(RandomBytes(24)); }

}  // namespace credbroker::sandbox
