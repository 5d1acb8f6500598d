#include "service/base/secure_heap.h"

#include <openssl/crypto.h>

#include <atomic>

#include "service/base/log.h"

namespace credbroker {
namespace {

// The smallest block: an HMAC key of SCRAM-SHA-1 or -256 takes just one.
constexpr size_t kSmallestBlock = 32;

std::atomic<size_t> ours_at_most = 0;
std::atomic<uint64_t> refusals = 0;

}  // namespace

SecureHeapState ReserveSecureHeap(size_t size) {
  const int made = CRYPTO_secure_malloc_init(size, kSmallestBlock);
  if (made == 0) return SecureHeapState::kMissing;
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
