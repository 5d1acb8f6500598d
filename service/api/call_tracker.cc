#include "service/api/call_tracker.h"

namespace credbroker {
namespace {

// In several turns: after a stall of the whole process, the first is over before anyone could call.
constexpr absl::Duration kTurn = absl::Milliseconds(20);
constexpr int kQuietTurns = 5;

}  // namespace

bool CallTracker::Enter() {
  absl::MutexLock lock(&mutex_);
  ++in_flight_;
  ++entered_;
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

bool CallTracker::WaitUntilQuiet(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  uint64_t known = entered_;
  bool never = false;
  int quiet_turns = 0;
  for (absl::Duration waited; waited < timeout && quiet_turns < kQuietTurns; waited += kTurn) {
    mutex_.AwaitWithTimeout(absl::Condition(&never), kTurn);
    quiet_turns = entered_ == known ? quiet_turns + 1 : 0;
    known = entered_;
  }
  return quiet_turns == kQuietTurns;
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
