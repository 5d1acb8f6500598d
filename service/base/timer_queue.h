#ifndef CREDBROKER_SERVICE_BASE_TIMER_QUEUE_H_
#define CREDBROKER_SERVICE_BASE_TIMER_QUEUE_H_

#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

#include "service/base/loop.h"

namespace credbroker {

// The timers of a loop, by due time, then by age. Not thread-safe. Adding, cancelling and taking
// cost O(log n).
class TimerQueue {
 public:
  TimerId Add(Instant due, Loop::Task task);
  void Cancel(TimerId timer);

  // The earliest due time, if there is a timer.
  std::optional<Instant> NextDue() const;

  // Takes the earliest timer that is due at `now`.
  std::optional<Loop::Task> TakeDue(Instant now);

  size_t size() const { return tasks_.size(); }

 private:
  absl::btree_map<std::pair<Instant, TimerId>, Loop::Task> tasks_;
  absl::flat_hash_map<TimerId, Instant> due_;
  TimerId last_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_TIMER_QUEUE_H_
