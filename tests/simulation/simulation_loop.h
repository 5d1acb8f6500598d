#ifndef CREDBROKER_TESTS_SIMULATION_SIMULATION_LOOP_H_
#define CREDBROKER_TESTS_SIMULATION_SIMULATION_LOOP_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

#include "service/base/loop.h"
#include "service/base/timer_queue.h"

namespace credbroker::simulation {

// A Loop whose every step is taken from outside: one posted task, or one timer that is due. Whoever
// drives it decides which of them is next, as far as Loop leaves that open. One thread only.
class SimulationLoop : public Loop {
 public:
  void Post(Task task) override;
  TimerId After(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override { timers_.Cancel(timer); }
  Instant Now() const override { return now_; }
  absl::Time WallNow() const override { return wall_; }

  bool HasPosted() const { return !posted_.empty(); }
  bool HasDueTimer() const;
  std::optional<Instant> NextTimer() const { return timers_.NextDue(); }
  size_t timers() const { return timers_.size(); }

  // The oldest posted task; the earliest timer. There must be one.
  void RunPosted();
  void RunTimer();

  // How many tasks were posted, and how many of them have run, since the start.
  uint64_t posted() const { return posted_count_; }
  uint64_t ran() const { return ran_count_; }

  // Both clocks move; nothing runs.
  void MoveTo(Instant now);
  void JumpWall(absl::Duration by) { wall_ += by; }

  // Runs `look`, and what it posts at once: for questions that change nothing.
  void Probe(absl::FunctionRef<void()> look);

 private:
  Instant now_ = Instant::FromBoot(absl::Seconds(1000));
  absl::Time wall_ = absl::FromUnixSeconds(1'900'000'000);
  std::deque<Task> posted_;
  uint64_t posted_count_ = 0;
  uint64_t ran_count_ = 0;
  bool probing_ = false;
  TimerQueue timers_;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_SIMULATION_LOOP_H_
