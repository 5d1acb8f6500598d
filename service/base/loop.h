#ifndef CREDBROKER_SERVICE_BASE_LOOP_H_
#define CREDBROKER_SERVICE_BASE_LOOP_H_

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "service/base/clock.h"

namespace credbroker {

// Names a timer of a Loop. Zero is never a timer.
using TimerId = uint64_t;

// One thread's worth of life: tasks run one after another, never at the same time, never inside the
// call that made them. Whatever lives on a loop needs no lock. Tests drive one by hand
// (tests/fakes/manual_loop.h).
class Loop {
 public:
  using Task = absl::AnyInvocable<void()>;

  virtual ~Loop() = default;

  // Runs `task` soon, in the order of the calls. Thread-safe; all other methods are for tasks of
  // this loop only. Tasks that are left when the loop stops are destroyed without being run.
  virtual void Post(Task task) = 0;

  // Runs `task` once `delay` has passed (at once if it is not positive). Timers due at the same
  // moment run in the order in which they were set.
  virtual TimerId After(absl::Duration delay, Task task) = 0;

  // Forgets a timer. Harmless if it has run, or is 0.
  virtual void Cancel(TimerId timer) = 0;

  // The time. These two are thread-safe.
  virtual Instant Now() const = 0;
  virtual absl::Time WallNow() const = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_LOOP_H_
