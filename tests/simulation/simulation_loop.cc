#include "tests/simulation/simulation_loop.h"

#include <algorithm>
#include <utility>

namespace credbroker::simulation {

void SimulationLoop::Post(Task task) {
  if (probing_) {
    task();
    return;
  }
  posted_.push_back(std::move(task));
  ++posted_count_;
}

TimerId SimulationLoop::After(absl::Duration delay, Task task) {
  return timers_.Add(now_ + std::max(delay, absl::ZeroDuration()), std::move(task));
}

bool SimulationLoop::HasDueTimer() const {
  const std::optional<Instant> due = timers_.NextDue();
  return due.has_value() && *due <= now_;
}

void SimulationLoop::RunPosted() {
  Task task = std::move(posted_.front());
  posted_.pop_front();
  ++ran_count_;
  task();
}

void SimulationLoop::RunTimer() {
  std::optional<Task> task = timers_.TakeDue(now_);
  (*task)();
}

void SimulationLoop::MoveTo(Instant now) {
  wall_ += now - now_;
  now_ = now;
}

void SimulationLoop::Probe(absl::FunctionRef<void()> look) {
  probing_ = true;
  look();
  probing_ = false;
}

}  // namespace credbroker::simulation
