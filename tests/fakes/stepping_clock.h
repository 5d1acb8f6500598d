#ifndef CREDBROKER_TESTS_FAKES_STEPPING_CLOCK_H_
#define CREDBROKER_TESTS_FAKES_STEPPING_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "service/base/clock.h"

namespace credbroker {

// The machine's clocks, with a steady one that a test can set forward: for what runs on real
// threads. A loop notices a step at its next task. Thread-safe.
class SteppingClock : public Clock {
 public:
  absl::Time Wall() const override { return SystemClock().Wall(); }
  Instant Steady() const override {
    return SystemClock().Steady() + absl::Nanoseconds(stepped_.load());
  }

  void Step(absl::Duration duration) { stepped_ += absl::ToInt64Nanoseconds(duration); }

 private:
  std::atomic<int64_t> stepped_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_STEPPING_CLOCK_H_
