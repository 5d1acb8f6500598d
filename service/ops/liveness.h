#ifndef CREDBROKER_SERVICE_OPS_LIVENESS_H_
#define CREDBROKER_SERVICE_OPS_LIVENESS_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "service/base/clock.h"

namespace credbroker {

// Asks a probe whether the service still does its work, however often it is asked itself: probes
// run one at a time and begin at least `pause` apart. Thread-safe.
class Liveness {
 public:
  // An empty probe never fails.
  Liveness(std::function<absl::Status()> probe, absl::Duration pause)
      : probe_(std::move(probe)), pause_(pause) {}

  // How many probes in a row have failed; 0 if the last one did not. Runs a probe first, unless one
  // is running or the last began less than `pause` ago.
  int FailuresInARow(Instant now);

 private:
  const std::function<absl::Status()> probe_;
  const absl::Duration pause_;
  absl::Mutex mutex_;
  bool probing_ ABSL_GUARDED_BY(mutex_) = false;
  Instant next_ ABSL_GUARDED_BY(mutex_) = Instant::InfinitePast();
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_LIVENESS_H_
