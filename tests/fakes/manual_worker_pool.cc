#include "tests/fakes/manual_worker_pool.h"

#include <utility>

namespace credbroker {

void ManualWorkerPool::Submit(absl::string_view key, Work work) {
  absl::MutexLock lock(&mutex_);
  pieces_.push_back({std::string(key), std::move(work)});
}

bool ManualWorkerPool::RunOne() {
  Work work;
  {
    absl::MutexLock lock(&mutex_);
    if (pieces_.empty()) return false;
    work = std::move(pieces_.front().work);
    pieces_.pop_front();
  }
  work();
  return true;
}

size_t ManualWorkerPool::RunAll() {
  size_t count = 0;
  while (RunOne()) ++count;
  return count;
}

size_t ManualWorkerPool::pending() const {
  absl::MutexLock lock(&mutex_);
  return pieces_.size();
}

std::string ManualWorkerPool::NextKey() const {
  absl::MutexLock lock(&mutex_);
  return pieces_.front().key;
}

void ImmediateWorkerPool::Submit(absl::string_view, Work work) { work(); }

}  // namespace credbroker
