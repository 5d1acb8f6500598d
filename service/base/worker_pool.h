#ifndef CREDBROKER_SERVICE_BASE_WORKER_POOL_H_
#define CREDBROKER_SERVICE_BASE_WORKER_POOL_H_

#include <deque>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace credbroker {

// Runs what would block or burn a loop's thread: key derivation, reading a file.
class WorkerPool {
 public:
  using Work = absl::AnyInvocable<void()>;
  virtual ~WorkerPool() = default;

  // Runs `work` on another thread. Keys (tenants) are served in turn, so that one who queues much
  // delays only itself; within a key in order of the calls. Thread-safe.
  virtual void Submit(absl::string_view key, Work work) = 0;
};

// How much the threads of a pool leave to others.
struct WorkerManners {
  // 0 to 19, see nice(2). With more than 0 the cores go first to other threads that want them, but
  // nothing starves: what they do takes long anyway, and nobody who could be answered at once is to
  // wait for it.
  int niceness = 0;
  // After `burst` pieces of work in a row a thread rests for `rest`. 0: never.
  int burst = 0;
  absl::Duration rest = absl::ZeroDuration();
};

// A fixed number of threads. Work that is still queued when the pool ends is destroyed without
// being run.
class ThreadWorkerPool : public WorkerPool {
 public:
  // `threads` ≥ 1.
  explicit ThreadWorkerPool(int threads, const WorkerManners& manners = {});
  ~ThreadWorkerPool() override;

  void Submit(absl::string_view key, Work work) override;

 private:
  void Run(const WorkerManners& manners);
  Work TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<std::string, std::deque<Work>> queues_ ABSL_GUARDED_BY(mutex_);
  // The keys that have work, next one first.
  std::list<std::string> turns_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_WORKER_POOL_H_
