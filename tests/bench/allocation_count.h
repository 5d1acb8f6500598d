#ifndef CREDBROKER_TESTS_BENCH_ALLOCATION_COUNT_H_
#define CREDBROKER_TESTS_BENCH_ALLOCATION_COUNT_H_

#include <cstddef>
#include <cstdint>

// Linking this replaces malloc and its kin (and with them operator new) by ones that pass on to
// glibc's and can count. While they do not count, each call costs one load more.

namespace credbroker {

// From now on, or no longer, allocations of all threads are counted. Thread-safe.
void CountAllocations(bool count);

// How many were counted since the start: new blocks and reallocations. Thread-safe.
uint64_t AllocationCount();

// Bytes that the process has allocated and not freed, in all arenas, with malloc's own overhead.
size_t LiveHeapBytes();

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_ALLOCATION_COUNT_H_
