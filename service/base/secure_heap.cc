#include "service/base/secure_heap.h"

#include <openssl/crypto.h>

#include <atomic>

#include "service/base/log.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#endif

namespace credbroker {
namespace {

// The smallest block: an HMAC key of SCRAM-SHA-1 or -256 takes just one.
constexpr size_t kSmallestBlock = 32;

std::atomic<size_t> ours_at_most = 0;
std::atomic<uint64_t> refusals = 0;

// OpenSSL keeps objects there that refer to others on the ordinary heap. LeakSanitizer looks for
// references in memory that it knows, and would take those others for lost.
void ShowToLeakSanitizer() {
#ifdef __SANITIZE_ADDRESS__
  void* const block = OPENSSL_secure_malloc(1);
  const auto place = reinterpret_cast<uintptr_t>(block);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(absl::string_view(line).substr(0, line.find(' ')), absl::MaxSplits('-', 1));
    uintptr_t from = 0;
    uintptr_t to = 0;
    if (absl::SimpleHexAtoi(ends.first, &from) && absl::SimpleHexAtoi(ends.second, &to) &&
        from <= place && place < to) {
      __lsan_register_root_region(reinterpret_cast<void*>(from), to - from);
    }
  }
  OPENSSL_secure_free(block);
#endif
}

}  // namespace

SecureHeapState ReserveSecureHeap(size_t size) {
  const int made = CRYPTO_secure_malloc_init(size, kSmallestBlock);
  if (made == 0) return SecureHeapState::kMissing;
  ShowToLeakSanitizer();
  ours_at_most = size / 2;
  return made == 1 ? SecureHeapState::kLocked : SecureHeapState::kNotLocked;
}

uint8_t* SecureHeapAllocate(size_t size) {
  const size_t limit = ours_at_most.load(std::memory_order_relaxed);
  if (limit == 0) return nullptr;
  if (size <= limit && CRYPTO_secure_used() <= limit - size) {
    if (void* block = OPENSSL_secure_malloc(size)) return static_cast<uint8_t*>(block);
  }
  if (refusals.fetch_add(1, std::memory_order_relaxed) == 0) {
    Log(LogLevel::kWarning, "secure_heap_full",
        {{"hint", "further secrets are on the ordinary heap: wiped, but not locked in memory"}});
  }
  return nullptr;
}

uint64_t SecureHeapRefusals() { return refusals.load(std::memory_order_relaxed); }

}  // namespace credbroker
