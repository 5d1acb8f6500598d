#ifndef CREDBROKER_SERVICE_SESSIONS_UPSTREAM_ALLOWANCE_H_
#define CREDBROKER_SERVICE_SESSIONS_UPSTREAM_ALLOWANCE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

#include "service/base/clock.h"

namespace credbroker {

// How many exchanges with upstream a caller may start: so many a second, and what it has not used
// of the last 10 s (a token bucket). Whoever joins an exchange pays nothing. Lives on the loop.
class UpstreamAllowance {
 public:
  static constexpr int kBucketSeconds = 10;

  // `per_second` ≥ 1; without it there is no limit. All buckets are full again.
  void SetRate(std::optional<int> per_second);

  // Takes one; OVERLOADED, with the wait for the next, if the caller has none left.
  absl::Status Charge(const std::string& principal, Instant now);

 private:
  struct Bucket {
    double exchanges;
    Instant filled;
  };
  double capacity() const { return static_cast<double>(*rate_) * kBucketSeconds; }
  void Fill(Bucket& bucket, Instant now) const;
  void ForgetFull(Instant now);

  std::optional<int> rate_;
  absl::flat_hash_map<std::string, Bucket> buckets_;
  // Full ones are forgotten when there are so many.
  size_t most_ = 1024;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_UPSTREAM_ALLOWANCE_H_
