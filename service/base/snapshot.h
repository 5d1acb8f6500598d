#ifndef CREDBROKER_SERVICE_BASE_SNAPSHOT_H_
#define CREDBROKER_SERVICE_BASE_SNAPSHOT_H_

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace credbroker {

// A value that is replaced whole while others read it: each reader keeps the one that it began
// with. The lock is held to copy a pointer. Thread-safe.
template <typename T>
class Snapshot {
 public:
  // Never null.
  explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> Get() const {
    const absl::ReaderMutexLock lock(&mutex_);
    return value_;
  }

  // The former value ends with its last reader.
  void Replace(std::shared_ptr<const T> value) {
    const absl::MutexLock lock(&mutex_);
    value_.swap(value);
  }

 private:
  mutable absl::Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_SNAPSHOT_H_
