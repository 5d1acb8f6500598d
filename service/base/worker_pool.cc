#include "service/base/worker_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace credbroker {

ThreadWorkerPool::ThreadWorkerPool(int threads, int niceness) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, niceness] { Run(niceness); });
    pthread_setname_np(threads_.back().native_handle(), "worker");
  }
}

ThreadWorkerPool::~ThreadWorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadWorkerPool::Submit(absl::string_view key, Work work) {
  absl::MutexLock lock(&mutex_);
  std::deque<Work>& queue = queues_[key];
  if (queue.empty()) turns_.emplace_back(key);
  queue.push_back(std::move(work));
}

WorkerPool::Work ThreadWorkerPool::TakeNext() {
  const std::string key = std::move(turns_.front());
  turns_.pop_front();
  auto found = queues_.find(key);
  Work work = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) {
    queues_.erase(found);
  } else {
    turns_.push_back(key);
  }
  return work;
}

void ThreadWorkerPool::Run(int niceness) {
  // On Linux, of this thread alone. Asking to be nicer is never refused.
  if (niceness > 0) setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);
  while (true) {
    Work work;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](ThreadWorkerPool* pool) ABSL_EXCLUSIVE_LOCKS_REQUIRED(pool->mutex_) {
            return pool->stopping_ || !pool->turns_.empty();
          },
          this));
      if (stopping_) return;
      work = TakeNext();
    }
    work();
  }
}

}  // namespace credbroker
