#include "service/api/call_tracker.h"

namespace credbroker {

bool CallTracker::Enter() {
  absl::MutexLock lock(&mutex_);
  ++in_flight_;
  return !draining_;
}

void CallTracker::Leave() {
  absl::MutexLock lock(&mutex_);
  --in_flight_;
}

void CallTracker::StartDraining() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
}

bool CallTracker::WaitUntilNone(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return in_flight_ == 0; };
  return mutex_.AwaitWithTimeout(absl::Condition(&none), timeout);
}

int CallTracker::in_flight() const {
  absl::MutexLock lock(&mutex_);
  return in_flight_;
}

}  // namespace credbroker
