#include "service/base/timer_queue.h"

namespace credbroker {

TimerId TimerQueue::Add(Instant due, Loop::Task task) {
  const TimerId timer = ++last_;
  tasks_.emplace(std::pair(due, timer), std::move(task));
  due_.emplace(timer, due);
  return timer;
}

void TimerQueue::Cancel(TimerId timer) {
  auto found = due_.find(timer);
  if (found == due_.end()) return;
  // The task is destroyed last, since what it holds may use this queue as it goes.
  const auto node = tasks_.extract(std::pair(found->second, timer));
  due_.erase(found);
}

std::optional<Instant> TimerQueue::NextDue() const {
  if (tasks_.empty()) return std::nullopt;
  return tasks_.begin()->first.first;
}

std::optional<Loop::Task> TimerQueue::TakeDue(Instant now) {
  auto first = tasks_.begin();
  if (first == tasks_.end() || first->first.first > now) return std::nullopt;
  Loop::Task task = std::move(first->second);
  due_.erase(first->first.second);
  tasks_.erase(first);
  return task;
}

}  // namespace credbroker
