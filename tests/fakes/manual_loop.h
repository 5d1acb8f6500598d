#ifndef CREDBROKER_TESTS_FAKES_MANUAL_LOOP_H_
#define CREDBROKER_TESTS_FAKES_MANUAL_LOOP_H_

#include <cstddef>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "service/base/loop.h"
#include "service/base/timer_queue.h"

namespace credbroker {

// A Loop that stands still until the test moves it. Everything runs on the test's thread, inside
// RunPosted and Advance. Post, Now and WallNow are thread-safe.
class ManualLoop : public Loop {
 public:
  // A thousand seconds after the machine's start, on some day at midnight UTC.
  ManualLoop();

  void Post(Task task) override;
  TimerId After(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override;
  Instant Now() const override;
  absl::Time WallNow() const override;

  // Runs posted tasks, and those that they post, until none is left. Timers do not run, even if
  // they are due. Returns how many ran.
  size_t RunPosted();

  // Lets time pass on both clocks: runs posted tasks and timers in the order in which they fall
  // due, each at its moment, those that they add included. Zero runs what is due now.
  void Advance(absl::Duration duration);

  // What an administrator or NTP does: only the wall clock moves. Nothing runs.
  void JumpWallClock(absl::Duration duration);

  // Both clocks move, and nothing runs: the process was stopped, or the machine suspended.
  void SleepThrough(absl::Duration duration);

  // When the earliest timer is due.
  std::optional<Instant> NextTimer() const { return timers_.NextDue(); }
  size_t timers() const { return timers_.size(); }

 private:
  void MoveTo(Instant now);

  mutable absl::Mutex mutex_;
  Instant now_ ABSL_GUARDED_BY(mutex_);
  absl::Time wall_ ABSL_GUARDED_BY(mutex_);
  std::deque<Task> posted_ ABSL_GUARDED_BY(mutex_);
  // The test's thread only.
  TimerQueue timers_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_MANUAL_LOOP_H_
