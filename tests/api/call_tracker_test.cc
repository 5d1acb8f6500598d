#include "service/api/call_tracker.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(CallTrackerTest, NobodyIsInFlightAtFirst) {
  CallTracker tracker;
  EXPECT_EQ(tracker.in_flight(), 0);
  EXPECT_TRUE(tracker.WaitUntilNone(absl::ZeroDuration()));
}

TEST(CallTrackerTest, ACallCountsFromEnterToLeave) {
  CallTracker tracker;
  EXPECT_TRUE(tracker.Enter());
  EXPECT_TRUE(tracker.Enter());
  EXPECT_EQ(tracker.in_flight(), 2);
  tracker.Leave();
  EXPECT_FALSE(tracker.WaitUntilNone(absl::ZeroDuration()));
  tracker.Leave();
  EXPECT_TRUE(tracker.WaitUntilNone(absl::ZeroDuration()));
}

TEST(CallTrackerTest, ACallThatIsRefusedCountsUntilItHasBeenAnswered) {
  CallTracker tracker;
  tracker.StartDraining();
  EXPECT_FALSE(tracker.Enter());
  EXPECT_FALSE(tracker.WaitUntilNone(absl::ZeroDuration()));
  tracker.Leave();
  EXPECT_TRUE(tracker.WaitUntilNone(absl::ZeroDuration()));
}

TEST(CallTrackerTest, ItIsQuietOnceNoCallComes) {
  CallTracker tracker;
  EXPECT_TRUE(tracker.WaitUntilQuiet(absl::InfiniteDuration()));
  tracker.Enter();
  EXPECT_TRUE(tracker.WaitUntilQuiet(absl::InfiniteDuration())) << "it came before";
  EXPECT_FALSE(tracker.WaitUntilQuiet(absl::ZeroDuration()));
}

TEST(CallTrackerTest, ItIsNotQuietWhileCallsCome) {
  CallTracker tracker;
  std::atomic<bool> stop = false;
  std::thread calling([&] {
    while (!stop) {
      tracker.Enter();
      tracker.Leave();
    }
  });
  EXPECT_FALSE(tracker.WaitUntilQuiet(absl::Milliseconds(200)));
  stop = true;
  calling.join();
  EXPECT_TRUE(tracker.WaitUntilQuiet(absl::InfiniteDuration()));
}

TEST(CallTrackerTest, TheLastToLeaveEndsTheWait) {
  CallTracker tracker;
  tracker.Enter();
  std::thread leaving([&] { tracker.Leave(); });
  EXPECT_TRUE(tracker.WaitUntilNone(absl::InfiniteDuration()));
  leaving.join();
}

}  // namespace
}  // namespace credbroker
