#include "service/base/event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

class EventLoopTest : public testing::Test {
 protected:
  // Runs `task` on the loop and waits for it.
  void OnLoop(absl::AnyInvocable<void()> task) {
    absl::Notification done;
    loop_.Post([&] {
      task();
      done.Notify();
    });
    done.WaitForNotification();
  }

  EventLoop loop_{SystemClock(), "test-loop"};
};

TEST_F(EventLoopTest, TasksRunInOrderOnOneOtherThread) {
  std::vector<int> ran;
  std::vector<std::thread::id> threads;
  for (int i = 0; i < 1000; ++i) {
    loop_.Post([&, i] {
      ran.push_back(i);
      threads.push_back(std::this_thread::get_id());
    });
  }
  OnLoop([] {});
  ASSERT_EQ(ran.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
  EXPECT_EQ(std::count(threads.begin(), threads.end(), threads[0]), 1000);
  EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST_F(EventLoopTest, TasksPostedByManyThreadsAllRun) {
  int ran = 0;  // On the loop only.
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) loop_.Post([&] { ++ran; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  OnLoop([] {});
  EXPECT_EQ(ran, 4000);
}

TEST_F(EventLoopTest, TaskNeverRunsInsideTheCallThatMadeIt) {
  std::vector<int> ran;
  absl::Notification done;
  loop_.Post([&] {
    loop_.After(-absl::Seconds(1), [&] {
      ran.push_back(3);
      done.Notify();
    });
    loop_.Post([&] { ran.push_back(2); });
    ran.push_back(1);
  });
  done.WaitForNotification();
  OnLoop([] {});
  ASSERT_EQ(ran.size(), 3u);
  EXPECT_EQ(ran[0], 1);
}

TEST_F(EventLoopTest, TimersRunInDueOrderAndNotEarly) {
  std::vector<int> ran;
  absl::Notification done;
  Instant set, last;
  loop_.Post([&] {
    set = loop_.Now();
    loop_.After(absl::Milliseconds(30), [&] {
      ran.push_back(3);
      last = loop_.Now();
      done.Notify();
    });
    loop_.After(absl::Milliseconds(10), [&] { ran.push_back(1); });
    loop_.After(absl::Milliseconds(20), [&] { ran.push_back(2); });
  });
  done.WaitForNotification();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
  EXPECT_GE(last - set, absl::Milliseconds(30));
}

TEST_F(EventLoopTest, TimersOfOneMomentRunAsTheyWereSet) {
  std::vector<int> ran;
  absl::Notification done;
  loop_.Post([&] {
    for (int i = 0; i < 3; ++i) loop_.After(absl::ZeroDuration(), [&, i] { ran.push_back(i); });
    loop_.After(absl::ZeroDuration(), [&] { done.Notify(); });
  });
  done.WaitForNotification();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST_F(EventLoopTest, CancelledTimerNeverRuns) {
  bool ran = false;
  absl::Notification done;
  loop_.Post([&] {
    const TimerId timer = loop_.After(absl::Milliseconds(1), [&] { ran = true; });
    loop_.Cancel(timer);
    loop_.Cancel(timer);
    loop_.Cancel(0);
    loop_.After(absl::Milliseconds(2), [&] { done.Notify(); });
  });
  done.WaitForNotification();
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, TimerMayCancelAnotherThatIsDueWithIt) {
  bool ran = false;
  absl::Notification done;
  loop_.Post([&] {
    auto other = std::make_shared<TimerId>();
    loop_.After(absl::ZeroDuration(), [&, other] { loop_.Cancel(*other); });
    *other = loop_.After(absl::ZeroDuration(), [&] { ran = true; });
    loop_.After(absl::Milliseconds(1), [&] { done.Notify(); });
  });
  done.WaitForNotification();
  EXPECT_FALSE(ran);
}

// The two ends of a pipe.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int out() const { return ends_[0]; }
  void Write() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void Read() const {
    char byte;
    EXPECT_EQ(read(ends_[0], &byte, 1), 1);
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST_F(EventLoopTest, WatchedFdCallsUntilUnwatched) {
  const Pipe pipe;
  int calls = 0;
  absl::Notification second;
  OnLoop([&] {
    loop_.Watch(pipe.out(), EPOLLIN, [&](uint32_t events) {
      EXPECT_TRUE(events & EPOLLIN);
      // Level-triggered: nothing is read at first, so it calls again.
      if (++calls < 2) return;
      pipe.Read();
      loop_.Unwatch(pipe.out());
      second.Notify();
    });
  });
  pipe.Write();
  second.WaitForNotification();
  pipe.Write();
  OnLoop([] {});
  OnLoop([] {});
  EXPECT_EQ(calls, 2);
}

TEST_F(EventLoopTest, WatchingAgainReplacesTheTask) {
  const Pipe pipe;
  bool old_called = false;
  absl::Notification new_called;
  OnLoop([&] {
    loop_.Watch(pipe.out(), EPOLLIN, [&](uint32_t) { old_called = true; });
    loop_.Watch(pipe.out(), EPOLLIN, [&](uint32_t) {
      pipe.Read();
      new_called.Notify();
    });
  });
  pipe.Write();
  new_called.WaitForNotification();
  EXPECT_FALSE(old_called);
}

TEST_F(EventLoopTest, FdTaskMayReplaceItself) {
  const Pipe pipe;
  absl::Notification replaced;
  OnLoop([&] {
    auto held = std::make_shared<int>(7);
    loop_.Watch(pipe.out(), EPOLLIN, [&, held](uint32_t) {
      loop_.Watch(pipe.out(), EPOLLIN, [&](uint32_t) {
        loop_.Unwatch(pipe.out());
        replaced.Notify();
      });
      EXPECT_EQ(*held, 7);  // What runs is still whole.
    });
  });
  pipe.Write();
  replaced.WaitForNotification();
}

TEST_F(EventLoopTest, FdThatWasClosedAndOpenedAgainIsWatched) {
  absl::Notification called;
  OnLoop([&] {
    auto first = std::make_unique<Pipe>();
    const int number = first->out();
    loop_.Watch(number, EPOLLIN, [](uint32_t) {});
    first.reset();
    auto second = std::make_shared<Pipe>();
    ASSERT_EQ(second->out(), number);
    loop_.Watch(number, EPOLLIN, [&, second](uint32_t) {
      loop_.Unwatch(second->out());
      called.Notify();
    });
    second->Write();
  });
  called.WaitForNotification();
}

TEST_F(EventLoopTest, StopIsIdempotentAndLeavesTasksUnrun) {
  absl::Notification running, go;
  bool ran = false;
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> observed = held;
  auto loop = std::make_unique<EventLoop>(SystemClock(), "stopped");
  loop->Post([&] {
    running.Notify();
    go.WaitForNotification();
  });
  running.WaitForNotification();
  loop->Post([&ran, held = std::move(held)] { ran = true; });
  std::thread stopper([&] { loop->Stop(); });
  go.Notify();
  stopper.join();
  loop->Stop();
  const bool ran_before_stop = ran;  // Either may be: Stop ends the loop after the running task.
  loop.reset();
  EXPECT_TRUE(observed.expired());
  EXPECT_EQ(ran, ran_before_stop);
}

TEST_F(EventLoopTest, TaskPostedAfterStopIsDestroyedUnrun) {
  bool ran = false;
  auto loop = std::make_unique<EventLoop>(SystemClock(), "stopped");
  loop->Stop();
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> observed = held;
  loop->Post([&ran, held = std::move(held)] { ran = true; });
  loop.reset();
  EXPECT_TRUE(observed.expired());
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace credbroker
