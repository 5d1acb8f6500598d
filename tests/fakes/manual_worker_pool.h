#ifndef CREDBROKER_TESTS_FAKES_MANUAL_WORKER_POOL_H_
#define CREDBROKER_TESTS_FAKES_MANUAL_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/base/worker_pool.h"

namespace credbroker {

// Keeps work until the test runs it, on the test's thread, in the order of the calls. Thread-safe.
class ManualWorkerPool : public WorkerPool {
 public:
  void Submit(absl::string_view key, Work work) override;

  // Runs the oldest piece of work; false if there is none.
  bool RunOne();
  // Runs all, and what that submits; returns how many.
  size_t RunAll();

  size_t pending() const;
  // The key of the oldest piece; there must be one.
  std::string NextKey() const;

 private:
  struct Piece {
    std::string key;
    Work work;
  };
  mutable absl::Mutex mutex_;
  std::deque<Piece> pieces_ ABSL_GUARDED_BY(mutex_);
};

// Does the work inside Submit.
class ImmediateWorkerPool : public WorkerPool {
 public:
  void Submit(absl::string_view key, Work work) override;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_MANUAL_WORKER_POOL_H_
