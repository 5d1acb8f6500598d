#ifndef CREDBROKER_TESTS_FAKES_FAKE_RANDOM_H_
#define CREDBROKER_TESTS_FAKES_FAKE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/base/random.h"

namespace credbroker {

// Chance that is the same in every run. Bytes differ from call to call; Fraction is what the test
// says. Thread-safe.
class FakeRandom : public Random {
 public:
  explicit FakeRandom(uint64_t seed = 1) : state_(seed) {}

  std::string Bytes(size_t count) override;
  double Fraction() override;

  // What Fraction returns from now on, in [0, 1). At first 0.5: the middle, so that jitter that is
  // meant to be symmetric is none.
  void SetFraction(double fraction);

 private:
  absl::Mutex mutex_;
  uint64_t state_ ABSL_GUARDED_BY(mutex_);
  double fraction_ ABSL_GUARDED_BY(mutex_) = 0.5;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_FAKE_RANDOM_H_
