#include "tests/fakes/manual_loop.h"

#include <algorithm>
#include <utility>

namespace credbroker {

ManualLoop::ManualLoop()
    : now_(Instant::FromBoot(absl::Seconds(1000))),
      wall_(absl::FromCivil(absl::CivilDay(2030, 1, 1), absl::UTCTimeZone())) {}

void ManualLoop::Post(Task task) {
  absl::MutexLock lock(&mutex_);
  posted_.push_back(std::move(task));
}

TimerId ManualLoop::After(absl::Duration delay, Task task) {
  return timers_.Add(Now() + std::max(delay, absl::ZeroDuration()), std::move(task));
}

void ManualLoop::Cancel(TimerId timer) { timers_.Cancel(timer); }

Instant ManualLoop::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

absl::Time ManualLoop::WallNow() const {
  absl::MutexLock lock(&mutex_);
  return wall_;
}

size_t ManualLoop::RunPosted() {
  for (size_t count = 0;; ++count) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      if (posted_.empty()) return count;
      task = std::move(posted_.front());
      posted_.pop_front();
    }
    task();
  }
}

void ManualLoop::Advance(absl::Duration duration) {
  const Instant end = Now() + duration;
  RunPosted();
  while (true) {
    const std::optional<Instant> due = timers_.NextDue();
    if (!due.has_value() || *due > end) break;
    MoveTo(std::max(Now(), *due));
    std::optional<Task> task = timers_.TakeDue(Now());
    (*task)();
    task.reset();
    RunPosted();
  }
  MoveTo(std::max(Now(), end));
}

void ManualLoop::JumpWallClock(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  wall_ += duration;
}

void ManualLoop::SleepThrough(absl::Duration duration) { MoveTo(Now() + duration); }

void ManualLoop::MoveTo(Instant now) {
  absl::MutexLock lock(&mutex_);
  wall_ += now - now_;
  now_ = now;
}

}  // namespace credbroker
