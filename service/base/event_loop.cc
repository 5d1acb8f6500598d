#include "service/base/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

namespace credbroker {
namespace {

// Also how late a timer may be after a suspend: see the class.
constexpr absl::Duration kLongestWait = absl::Seconds(1);

int Checked(int fd) {
  if (fd < 0) std::abort();  // Out of descriptors before the service has even started.
  return fd;
}

}  // namespace

EventLoop::EventLoop(const Clock& clock, const char* name)
    : clock_(clock),
      epoll_fd_(Checked(epoll_create1(EPOLL_CLOEXEC))),
      wake_fd_(Checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_fd_;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), name);
}

EventLoop::~EventLoop() {
  Stop();
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::Stop() {
  stopping_ = true;
  Wake();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::Post(Task task) {
  bool wake;
  {
    absl::MutexLock lock(&mutex_);
    wake = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (wake) Wake();
}

TimerId EventLoop::After(absl::Duration delay, Task task) {
  return timers_.Add(Now() + std::max(delay, absl::ZeroDuration()), std::move(task));
}

void EventLoop::Cancel(TimerId timer) { timers_.Cancel(timer); }

void EventLoop::Watch(int fd, uint32_t events, FdTask task) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  const bool known = watched_.contains(fd);
  watched_[fd].task = std::make_shared<FdTask>(std::move(task));
  if (known && epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0) return;
  // New, or closed and opened again under the same number.
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

void EventLoop::Unwatch(int fd) {
  if (watched_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Wake() {
  const uint64_t one = 1;
  // Fails only if the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

void EventLoop::Run() {
  while (!stopping_) {
    WaitAndDispatch();
    RunPosted();
    RunTimers();
  }
}

void EventLoop::RunPosted() {
  std::vector<Task> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(posted_);
  }
  for (Task& task : tasks) {
    if (stopping_) return;
    task();
    task = nullptr;
  }
}

void EventLoop::RunTimers() {
  const Instant now = Now();
  while (!stopping_) {
    std::optional<Task> task = timers_.TakeDue(now);
    if (!task.has_value()) return;
    (*task)();
  }
}

void EventLoop::WaitAndDispatch() {
  absl::Duration wait = kLongestWait;
  if (const std::optional<Instant> due = timers_.NextDue(); due.has_value()) {
    wait = std::clamp(*due - Now(), absl::ZeroDuration(), kLongestWait);
  }
  std::array<epoll_event, 256> events;
  const int milliseconds =
      static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1))));
  const int ready =
      epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == wake_fd_) {
      uint64_t count;
      [[maybe_unused]] const ssize_t got = read(wake_fd_, &count, sizeof(count));
      continue;
    }
    auto found = watched_.find(event.data.fd);
    if (found == watched_.end()) continue;  // Unwatched by a task before it in this round.
    // Held, since the task may unwatch or replace itself.
    const std::shared_ptr<FdTask> task = found->second.task;
    (*task)(event.events);
  }
}

}  // namespace credbroker
