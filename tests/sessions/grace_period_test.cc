#include "service/sessions/grace_period.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace credbroker {
namespace {

TEST(GracePeriodTest, NothingIsKeptWhileNobodyReads) {
  GracePeriod grace;
  auto object = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = object;
  grace.Retire(std::move(object));
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(grace.waiting(), 0u);
}

TEST(GracePeriodTest, ObjectIsKeptAsLongAsAReaderMayLookAtIt) {
  GracePeriod grace;
  auto object = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = object;
  std::optional<GracePeriod::Reader> reader(grace);
  grace.Retire(std::move(object));
  for (int i = 0; i < 5; ++i) grace.Reclaim();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(grace.waiting(), 1u);
  reader.reset();
  grace.Reclaim();
  EXPECT_TRUE(watched.expired());
}

TEST(GracePeriodTest, ReaderWhoCameLaterKeepsNothingThatWasRetiredBefore) {
  GracePeriod grace;
  auto object = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = object;
  std::optional<GracePeriod::Reader> earlier(grace);
  grace.Retire(std::move(object));
  const GracePeriod::Reader later(grace);
  EXPECT_FALSE(watched.expired());
  earlier.reset();
  grace.Reclaim();
  EXPECT_TRUE(watched.expired());
}

TEST(GracePeriodTest, ReaderKeepsWhatIsRetiredAfterTheOneBeforeItHasGone) {
  GracePeriod grace;
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  const std::weak_ptr<int> watched = second;
  std::optional<GracePeriod::Reader> earlier(grace);
  grace.Retire(std::move(first));
  std::optional<GracePeriod::Reader> later(grace);
  earlier.reset();
  grace.Retire(std::move(second));
  for (int i = 0; i < 5; ++i) grace.Reclaim();
  EXPECT_FALSE(watched.expired());
  later.reset();
  grace.Reclaim();
  EXPECT_TRUE(watched.expired());
}

TEST(GracePeriodTest, ReadersOnManyThreadsNeverSeeAFreedObject) {
  constexpr int kRounds = 20'000;
  struct Object {
    ~Object() { value.store(-1, std::memory_order_relaxed); }
    std::atomic<int> value = 0;
  };
  GracePeriod grace;
  auto owned = std::make_shared<Object>();
  std::atomic<Object*> newest = owned.get();
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const GracePeriod::Reader reader(grace);
        if (newest.load()->value.load(std::memory_order_relaxed) != 0) ++wrong;
      }
    });
  }
  for (int i = 0; i < kRounds; ++i) {
    auto next = std::make_shared<Object>();
    newest.store(next.get());
    grace.Retire(std::exchange(owned, std::move(next)));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  grace.Reclaim();
  EXPECT_EQ(grace.waiting(), 0u);
}

}  // namespace
}  // namespace credbroker
