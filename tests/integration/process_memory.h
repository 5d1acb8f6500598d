#ifndef CREDBROKER_TESTS_INTEGRATION_PROCESS_MEMORY_H_
#define CREDBROKER_TESTS_INTEGRATION_PROCESS_MEMORY_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace credbroker {

// What is looked for in a process's memory: bytes, by a name for them.
using Needles = std::map<std::string, std::string>;

// The needles that are in the writable memory of process `pid` now (every mapping that it can read
// and write: stacks, heaps, data), by name, with the mapping's line of /proc/PID/maps. Each needle
// is looked for whole and by any third of it, since a truncated secret has leaked too; so it has 24
// bytes at least.
//
// Reads /proc/PID/mem, for which one has to be allowed to trace the process. Fails the test if it
// cannot, or if it saw less than `least` bytes: it never passes because it has seen nothing.
std::vector<std::string> FindInMemory(pid_t pid, const Needles& needles,
                                      size_t least = size_t{1} << 20);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_PROCESS_MEMORY_H_
