#include "service/base/worker_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/manual_worker_pool.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

TEST(ThreadWorkerPoolTest, RunsOnAnotherThread) {
  ThreadWorkerPool pool(1);
  std::thread::id ran_on;
  absl::Notification done;
  pool.Submit("a", [&] {
    ran_on = std::this_thread::get_id();
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST(ThreadWorkerPoolTest, Row12KeysAreServedInTurn) {
  ThreadWorkerPool pool(1);
  absl::Notification running, go;
  pool.Submit("blocker", [&] {
    running.Notify();
    go.WaitForNotification();
  });
  running.WaitForNotification();

  // The one thread is busy, so all of this queues; it is then the only writer of `ran`.
  std::vector<std::string> ran;
  absl::BlockingCounter left(7);
  const auto submit = [&](const char* key, const char* name) {
    pool.Submit(key, [&ran, &left, name] {
      ran.push_back(name);
      left.DecrementCount();
    });
  };
  submit("a", "a1");
  submit("a", "a2");
  submit("a", "a3");
  submit("a", "a4");
  submit("b", "b1");
  submit("b", "b2");
  submit("c", "c1");
  go.Notify();
  left.Wait();
  EXPECT_THAT(ran, ElementsAre("a1", "b1", "c1", "a2", "b2", "a3", "a4"));
}

TEST(ThreadWorkerPoolTest, AllThreadsWorkAtOnce) {
  ThreadWorkerPool pool(3);
  // Each waits for the others, so fewer threads would never get there.
  absl::BlockingCounter missing(3);
  absl::Notification all;
  absl::BlockingCounter done(3);
  for (int i = 0; i < 3; ++i) {
    pool.Submit("a", [&] {
      if (missing.DecrementCount()) all.Notify();
      all.WaitForNotification();
      done.DecrementCount();
    });
  }
  done.Wait();
}

// Of the thread that asks.
int OwnNiceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

TEST(ThreadWorkerPoolTest, ItsThreadsAloneAreAsNiceAsAsked) {
  const int own = OwnNiceness();
  ThreadWorkerPool pool(1, WorkerManners{own + 3});
  int niceness = 0;
  absl::Notification done;
  pool.Submit("a", [&] {
    niceness = OwnNiceness();
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_EQ(niceness, own + 3);
  EXPECT_EQ(OwnNiceness(), own);
}

TEST(ThreadWorkerPoolTest, RestsAfterABurstAndThenGoesOn) {
  ThreadWorkerPool pool(1, WorkerManners{0, 2, absl::Milliseconds(1)});
  absl::BlockingCounter left(5);
  for (int i = 0; i < 5; ++i) pool.Submit("a", [&left] { left.DecrementCount(); });
  left.Wait();
}

TEST(ThreadWorkerPoolTest, EndsWhileAThreadRests) {
  auto pool = std::make_unique<ThreadWorkerPool>(1, WorkerManners{0, 1, absl::InfiniteDuration()});
  absl::Notification ran;
  auto never = std::make_shared<int>(0);
  const std::weak_ptr<int> observed = never;
  pool->Submit("a", [&ran] { ran.Notify(); });
  pool->Submit("a", [never = std::move(never)] { FAIL() << "it rests for ever"; });
  ran.WaitForNotification();
  pool.reset();
  EXPECT_TRUE(observed.expired());
}

TEST(ThreadWorkerPoolTest, QueuedWorkIsDestroyedAtTheEnd) {
  auto pool = std::make_unique<ThreadWorkerPool>(1);
  std::vector<std::weak_ptr<int>> observed;
  for (int i = 0; i < 1000; ++i) {
    auto held = std::make_shared<int>(i);
    observed.push_back(held);
    pool->Submit(i % 2 == 0 ? "a" : "b", [held = std::move(held)] {});
  }
  pool.reset();
  for (const auto& work : observed) EXPECT_TRUE(work.expired());
}

TEST(ManualWorkerPoolTest, RunsWhenTold) {
  ManualWorkerPool pool;
  std::vector<int> ran;
  pool.Submit("a", [&] { ran.push_back(1); });
  pool.Submit("b", [&] {
    ran.push_back(2);
    pool.Submit("c", [&] { ran.push_back(3); });
  });
  EXPECT_EQ(pool.pending(), 2u);
  EXPECT_EQ(pool.NextKey(), "a");
  EXPECT_THAT(ran, ElementsAre());
  EXPECT_TRUE(pool.RunOne());
  EXPECT_THAT(ran, ElementsAre(1));
  EXPECT_EQ(pool.RunAll(), 2u);
  EXPECT_FALSE(pool.RunOne());
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace credbroker
