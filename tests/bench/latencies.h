#ifndef CREDBROKER_TESTS_BENCH_LATENCIES_H_
#define CREDBROKER_TESTS_BENCH_LATENCIES_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/time/time.h"

namespace credbroker {

// How long each call took. All of them are kept, so that quantiles are exact and merging rounds
// loses nothing.
class Latencies {
 public:
  void Add(absl::Duration latency) {
    micros_.push_back(static_cast<float>(absl::ToDoubleMicroseconds(latency)));
  }
  void Merge(const Latencies& other) {
    micros_.insert(micros_.end(), other.micros_.begin(), other.micros_.end());
  }
  size_t size() const { return micros_.size(); }

  // In microseconds; `share` of the calls took no longer. 0 if there are none.
  double Quantile(double share) const {
    if (micros_.empty()) return 0;
    std::vector<float> sorted = micros_;
    const auto rank = std::min(static_cast<size_t>(share * static_cast<double>(sorted.size())),
                               sorted.size() - 1);
    const auto nth = sorted.begin() + static_cast<ptrdiff_t>(rank);
    std::nth_element(sorted.begin(), nth, sorted.end());
    return static_cast<double>(*nth);
  }
  double P99() const { return Quantile(0.99); }
  double Slowest() const { return Quantile(1); }

 private:
  std::vector<float> micros_;
};

inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_LATENCIES_H_
