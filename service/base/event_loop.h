#ifndef CREDBROKER_SERVICE_BASE_EVENT_LOOP_H_
#define CREDBROKER_SERVICE_BASE_EVENT_LOOP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "service/base/loop.h"
#include "service/base/timer_queue.h"

namespace credbroker {

// A Loop on a thread of its own, over epoll: tasks, timers and file descriptors.
//
// A timer is late by at most one second after the machine was suspended, since epoll's own clock
// stands still meanwhile. Whoever hands something out checks the time itself.
class EventLoop : public Loop {
 public:
  // Called with the EPOLLIN/EPOLLOUT/… bits that are ready.
  using FdTask = absl::AnyInvocable<void(uint32_t events)>;

  // `clock` outlives the loop. `name` is the thread's name, at most 15 characters.
  EventLoop(const Clock& clock, const char* name);
  // Stops.
  ~EventLoop() override;

  void Post(Task task) override;
  TimerId After(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override;
  Instant Now() const override { return clock_.Steady(); }
  absl::Time WallNow() const override { return clock_.Wall(); }

  // Calls `task` whenever `fd` is ready for `events` (level-triggered), until Unwatch. Watching an
  // fd again replaces its events and task. For tasks of this loop only. The fd stays the caller's.
  void Watch(int fd, uint32_t events, FdTask task);
  void Unwatch(int fd);

  // Ends the thread after the task that is running. Idempotent; not from the loop itself.
  void Stop();

 private:
  struct Watched {
    std::shared_ptr<FdTask> task;
  };

  void Run();
  void RunPosted();
  void RunTimers();
  void WaitAndDispatch();
  void Wake();

  const Clock& clock_;
  const int epoll_fd_;
  const int wake_fd_;
  std::atomic<bool> stopping_ = false;
  absl::Mutex mutex_;
  std::vector<Task> posted_ ABSL_GUARDED_BY(mutex_);
  // Only the loop's thread touches these.
  TimerQueue timers_;
  absl::flat_hash_map<int, Watched> watched_;
  std::thread thread_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_EVENT_LOOP_H_
