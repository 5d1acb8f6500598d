#ifndef CREDBROKER_SERVICE_API_CALL_TRACKER_H_
#define CREDBROKER_SERVICE_API_CALL_TRACKER_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace credbroker {

// Counts the calls in flight, since gRPC's own Shutdown also waits for idle peers. Thread-safe.
class CallTracker {
 public:
  // A call has come. False: the server drains, and the call is to be refused. It is counted all the
  // same, until Leave.
  bool Enter();
  // The call has ended and touches nothing any more.
  void Leave();

  // From now on calls are refused.
  void StartDraining();

  // Waits until no call has come for a while (100 ms), at most `timeout`; whether none has.
  bool WaitUntilQuiet(absl::Duration timeout);

  // Waits until no call is in flight, at most `timeout`; whether none is.
  bool WaitUntilNone(absl::Duration timeout);

  int in_flight() const;

 private:
  mutable absl::Mutex mutex_;
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t entered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_CALL_TRACKER_H_
