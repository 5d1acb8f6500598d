#include "service/sessions/upstream_allowance.h"

#include <algorithm>

#include "service/model/failure.h"

namespace credbroker {
namespace {

// Sums of fractions may come out a little below a whole.
constexpr double kOne = 1 - 1e-9;

}  // namespace

void UpstreamAllowance::SetRate(std::optional<int> per_second) {
  if (rate_ == per_second) return;
  rate_ = per_second;
  buckets_.clear();
}

void UpstreamAllowance::Fill(Bucket& bucket, Instant now) const {
  bucket.exchanges =
      std::min(capacity(), bucket.exchanges + *rate_ * absl::ToDoubleSeconds(now - bucket.filled));
  bucket.filled = now;
}

void UpstreamAllowance::ForgetFull(Instant now) {
  absl::erase_if(buckets_, [&](auto& entry) {
    Fill(entry.second, now);
    return entry.second.exchanges >= capacity();
  });
  most_ = 2 * buckets_.size() + 1024;
}

absl::Status UpstreamAllowance::Charge(const std::string& principal, Instant now) {
  if (!rate_.has_value()) return absl::OkStatus();
  if (buckets_.size() >= most_) ForgetFull(now);
  Bucket& bucket = buckets_.try_emplace(principal, Bucket{capacity(), now}).first->second;
  Fill(bucket, now);
  if (bucket.exchanges < kOne) {
    return Failure(Reason::kOverloaded,
                   "the caller makes upstream work too often: use the token that it has",
                   absl::Seconds((1 - bucket.exchanges) / *rate_));
  }
  bucket.exchanges -= 1;
  return absl::OkStatus();
}

}  // namespace credbroker
