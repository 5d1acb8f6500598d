#ifndef CREDBROKER_SERVICE_BASE_SECURE_HEAP_H_
#define CREDBROKER_SERVICE_BASE_SECURE_HEAP_H_

#include <cstddef>
#include <cstdint>

namespace credbroker {

// OpenSSL's secure heap (CRYPTO_secure_malloc(3)): a small arena between guard pages, which is kept
// out of swap and of core files, and whose blocks are wiped when they are freed. OpenSSL itself has
// private keys in it, of TLS handshakes among others, and a handshake fails when it is full. So
// ours stop at half of it.

enum class SecureHeapState {
  // Ready, and locked in memory.
  kLocked,
  // Ready, but the system refuses to lock it (RLIMIT_MEMLOCK): it may be swapped out.
  kNotLocked,
  // There is none; secrets are on the ordinary heap, still wiped.
  kMissing,
};

// Once per process, before there is a second thread. `size` is a power of two.
SecureHeapState ReserveSecureHeap(size_t size);

// `size` bytes, to be freed with OPENSSL_secure_clear_free; null if there is no heap or no room,
// which is counted, and logged the first time. Thread-safe.
uint8_t* SecureHeapAllocate(size_t size);

// How often there was no room.
uint64_t SecureHeapRefusals();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_SECURE_HEAP_H_
