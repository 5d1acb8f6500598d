#include "tests/bench/allocation_count.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>

// What glibc calls its own.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace credbroker {
namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> allocations{0};

void Note() {
  if (counting.load(std::memory_order_relaxed)) {
    allocations.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace

void CountAllocations(bool count) { counting = count; }

uint64_t AllocationCount() { return allocations; }

size_t LiveHeapBytes() {
  const auto heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

}  // namespace credbroker

extern "C" {

void* malloc(size_t size) noexcept {
  credbroker::Note();
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) noexcept {
  credbroker::Note();
  return __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) noexcept {
  credbroker::Note();
  return __libc_realloc(block, size);
}

void* memalign(size_t alignment, size_t size) noexcept {
  credbroker::Note();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  credbroker::Note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, size_t alignment, size_t size) noexcept {
  credbroker::Note();
  *block = __libc_memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

}  // extern "C"
