#include "tests/bench/process_stats.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace credbroker {
namespace {

absl::Duration Read(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) return absl::ZeroDuration();
  return absl::DurationFromTimespec(now);
}

// The rest of the first line that begins with `prefix`.
std::string LineOf(const std::string& file, absl::string_view prefix) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, prefix)) continue;
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t:"), rest.size()));
    return std::string(rest);
  }
  return "";
}

}  // namespace

absl::Duration CpuOf(pid_t pid) {
  clockid_t clock;
  return clock_getcpuclockid(pid, &clock) == 0 ? Read(clock) : absl::ZeroDuration();
}

size_t ResidentBytes(pid_t pid) {
  const std::string line = LineOf(absl::StrCat("/proc/", pid, "/status"), "VmRSS:");
  return std::strtoull(line.c_str(), nullptr, 10) * 1024;
}

int ThreadsOf(pid_t pid) {
  return std::atoi(LineOf(absl::StrCat("/proc/", pid, "/status"), "Threads:").c_str());
}

absl::Duration Monotonic() { return Read(CLOCK_MONOTONIC); }

Machine DescribeMachine() {
  Machine machine;
  machine.processor = LineOf("/proc/cpuinfo", "model name");
  machine.cores = static_cast<int>(std::thread::hardware_concurrency());
  struct sysinfo system {};
  sysinfo(&system);
  machine.memory_gib = static_cast<double>(system.totalram) * system.mem_unit / (1 << 30);
  utsname kernel{};
  uname(&kernel);
  machine.kernel = absl::StrCat(kernel.sysname, " ", kernel.release, " ", kernel.machine);
  machine.load = static_cast<double>(system.loads[0]) / (1 << SI_LOAD_SHIFT);
  return machine;
}

}  // namespace credbroker
