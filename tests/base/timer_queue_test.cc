#include "service/base/timer_queue.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;

Instant At(int seconds) { return Instant::FromBoot(absl::Seconds(seconds)); }

class TimerQueueTest : public testing::Test {
 protected:
  TimerId Add(int seconds, int number) {
    return queue_.Add(At(seconds), [this, number] { ran_.push_back(number); });
  }
  void RunDue(int seconds) {
    while (std::optional<Loop::Task> task = queue_.TakeDue(At(seconds))) (*task)();
  }

  TimerQueue queue_;
  std::vector<int> ran_;
};

TEST_F(TimerQueueTest, RunsByDueTimeThenByAge) {
  Add(3, 1);
  Add(1, 2);
  Add(3, 3);
  Add(2, 4);
  RunDue(10);
  EXPECT_THAT(ran_, ElementsAre(2, 4, 1, 3));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(TimerQueueTest, TimerDueExactlyNowIsDue) {
  Add(5, 1);
  RunDue(4);
  EXPECT_THAT(ran_, ElementsAre());
  EXPECT_EQ(queue_.NextDue(), At(5));
  RunDue(5);
  EXPECT_THAT(ran_, ElementsAre(1));
  EXPECT_EQ(queue_.NextDue(), std::nullopt);
}

TEST_F(TimerQueueTest, CancelledTimerNeverRuns) {
  Add(1, 1);
  const TimerId second = Add(1, 2);
  Add(1, 3);
  queue_.Cancel(second);
  EXPECT_EQ(queue_.size(), 2u);
  RunDue(1);
  EXPECT_THAT(ran_, ElementsAre(1, 3));
}

TEST_F(TimerQueueTest, CancellingWhatIsNoTimerIsHarmless) {
  const TimerId first = Add(1, 1);
  EXPECT_NE(first, 0u);
  Add(1, 2);
  queue_.Cancel(0);
  queue_.Cancel(12345);
  queue_.Cancel(first);
  queue_.Cancel(first);
  RunDue(1);
  queue_.Cancel(first);
  EXPECT_THAT(ran_, ElementsAre(2));
}

struct OnDestruction {
  explicit OnDestruction(std::function<void()> call) : call_(std::move(call)) {}
  ~OnDestruction() { call_(); }
  std::function<void()> call_;
};

TEST_F(TimerQueueTest, CancelDestroysTheTaskWhichMayUseTheQueue) {
  const TimerId other = Add(2, 2);
  auto held = std::make_unique<OnDestruction>([this, other] {
    queue_.Cancel(other);
    Add(3, 3);
  });
  const TimerId timer = queue_.Add(At(1), [held = std::move(held)] {});
  queue_.Cancel(timer);
  EXPECT_EQ(queue_.size(), 1u);
  EXPECT_EQ(queue_.NextDue(), At(3));
}

}  // namespace
}  // namespace credbroker
