#include "service/main/reload_thread.h"

#include <utility>

#include "absl/time/time.h"

namespace credbroker {
namespace {

// Changes are to be noticed within a second.
constexpr absl::Duration kPause = absl::Milliseconds(500);

}  // namespace

ReloadThread::ReloadThread(Reload& reload) : reload_(reload), thread_([this] { Run(); }) {}

ReloadThread::~ReloadThread() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void ReloadThread::Ask() {
  const absl::MutexLock lock(&mutex_);
  asked_ = true;
}

void ReloadThread::Run() {
  for (;;) {
    bool asked = false;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &ReloadThread::IsNeeded), kPause);
      if (stopping_) return;
      asked = std::exchange(asked_, false);
    }
    reload_.Look(asked);
  }
}

}  // namespace credbroker
