#include "service/ops/liveness.h"

#include "service/base/log.h"

namespace credbroker {

int Liveness::FailuresInARow(Instant now) {
  if (!probe_) return 0;
  {
    absl::MutexLock lock(&mutex_);
    if (probing_ || now < next_) return failures_;
    probing_ = true;
    next_ = now + pause_;
  }
  const absl::Status probed = probe_();
  int failures;
  {
    absl::MutexLock lock(&mutex_);
    probing_ = false;
    failures = failures_ = probed.ok() ? 0 : failures_ + 1;
  }
  if (failures > 0) {
    // The message may come from a library.
    Log(LogLevel::kWarning, "liveness_probe_failed",
        {{"code", absl::StatusCodeToString(probed.code())}, {"failures_in_a_row", failures}});
  }
  return failures;
}

}  // namespace credbroker
