#include "service/base/niceness.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace credbroker {
namespace {

// However nice a thread is, once it runs it is left alone for a turn, milliseconds long, before
// another one gets its core. Not so short that it would come before others for it: turns are given
// in the order of their length divided by the thread's weight.
constexpr uint64_t kTurnNanoseconds = 200'000;

// sched_attr of sched_setattr(2) in its first version: glibc has none yet, and the kernel's header
// goes with none of glibc's.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t niceness = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

void BeNice(int niceness) {
  SchedulingAttributes wanted;
  wanted.niceness = niceness;
  wanted.runtime = kTurnNanoseconds;
  if (syscall(SYS_sched_setattr, 0, &wanted, 0) == 0) return;
  // Where a sandbox knows no such call. On Linux of this thread alone, whatever POSIX says.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);
}

}  // namespace credbroker
