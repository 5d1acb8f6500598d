#include "service/base/worker_pool.h"

#include <pthread.h>

#include <utility>

#include "service/base/niceness.h"

namespace credbroker {
ThreadWorkerPool::ThreadWorkerPool(int threads, const WorkerManners& manners) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this, manners] { Run(manners); });
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

void ThreadWorkerPool::Run(const WorkerManners& manners) {
  if (manners.niceness > 0) BeNice(manners.niceness);
  int in_a_row = 0;
  while (true) {
    Work work;
    {
      absl::MutexLock lock(&mutex_);
      if (turns_.empty()) in_a_row = 0;
      if (manners.burst > 0 && in_a_row == manners.burst) {
        mutex_.AwaitWithTimeout(absl::Condition(&stopping_), manners.rest);
        in_a_row = 0;
      }
      mutex_.Await(absl::Condition(
          +[](ThreadWorkerPool* pool) ABSL_EXCLUSIVE_LOCKS_REQUIRED(pool->mutex_) {
            return pool->stopping_ || !pool->turns_.empty();
          },
          this));
      if (stopping_) return;
      work = TakeNext();
    }
    work();
    ++in_a_row;
  }
}

}  // namespace credbroker
