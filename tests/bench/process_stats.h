#ifndef CREDBROKER_TESTS_BENCH_PROCESS_STATS_H_
#define CREDBROKER_TESTS_BENCH_PROCESS_STATS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace credbroker {

// CPU time that a process has used, all its threads together, to the nanosecond.
absl::Duration CpuOf(pid_t pid);

// From /proc. Zero if the process is gone.
size_t ResidentBytes(pid_t pid);
int ThreadsOf(pid_t pid);

// CLOCK_MONOTONIC: comparable between processes of one machine.
absl::Duration Monotonic();

// Where the figures come from.
struct Machine {
  std::string processor;
  int cores = 0;
  double memory_gib = 0;
  std::string kernel;
  // Over the last minute.
  double load = 0;
};
Machine DescribeMachine();

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_PROCESS_STATS_H_
