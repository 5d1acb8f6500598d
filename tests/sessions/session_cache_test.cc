#include "service/sessions/session_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

std::shared_ptr<Published> WithGeneration(uint64_t generation) {
  auto session = std::make_shared<Session>();
  session->generation = generation;
  auto published = std::make_shared<Published>();
  published->session = std::move(session);
  return published;
}

// 0 if nothing is published.
uint64_t GenerationIn(const SessionCache& cache, const AccountKey& key) {
  uint64_t generation = 0;
  cache.Read(key, [&](const Published& found) { generation = found.session->generation; });
  return generation;
}

TEST(SessionCacheTest, WhatWasPublishedLastIsFound) {
  SessionCache cache;
  EXPECT_EQ(GenerationIn(cache, {"a", "x"}), 0u);
  cache.Publish({"a", "x"}, WithGeneration(1));
  cache.Publish({"a", "x"}, WithGeneration(2));
  cache.Publish({"b", "x"}, WithGeneration(9));
  EXPECT_EQ(GenerationIn(cache, {"a", "x"}), 2u);
  EXPECT_EQ(GenerationIn(cache, {"b", "x"}), 9u);
}

TEST(SessionCacheTest, WhatWasRemovedIsGone) {
  SessionCache cache;
  cache.Publish({"a", "x"}, WithGeneration(1));
  cache.Remove({"a", "x"});
  cache.Remove({"a", "y"});
  EXPECT_EQ(GenerationIn(cache, {"a", "x"}), 0u);
  cache.Publish({"a", "x"}, WithGeneration(2));
  EXPECT_EQ(GenerationIn(cache, {"a", "x"}), 2u);
}

TEST(SessionCacheTest, ReplacedAndRemovedSessionsLeaveTheMemoryAtOnce) {
  SessionCache cache;
  auto first = WithGeneration(1);
  auto second = WithGeneration(2);
  const std::weak_ptr<Published> replaced = first;
  const std::weak_ptr<Published> removed = second;
  cache.Publish({"a", "x"}, std::move(first));
  cache.Publish({"a", "x"}, std::move(second));
  EXPECT_TRUE(replaced.expired());
  EXPECT_FALSE(removed.expired());
  cache.Remove({"a", "x"});
  EXPECT_TRUE(removed.expired());
}

TEST(SessionCacheTest, SessionRemovedWhileItIsReadIsFreedLater) {
  SessionCache cache;
  auto published = WithGeneration(1);
  const std::weak_ptr<Published> removed = published;
  cache.Publish({"a", "x"}, std::move(published));
  cache.Read({"a", "x"}, [&](const Published& found) {
    cache.Remove({"a", "x"});
    EXPECT_EQ(found.session->generation, 1u);
    EXPECT_FALSE(removed.expired());
  });
  cache.Reclaim();
  EXPECT_TRUE(removed.expired());
}

TEST(SessionCacheTest, HundredThousandAccountsAreToldApart) {
  constexpr uint64_t kAccounts = 100'000;
  const auto key = [](uint64_t i) { return AccountKey{"acme", absl::StrCat("account-", i)}; };
  SessionCache cache;
  for (uint64_t i = 1; i <= kAccounts; ++i) cache.Publish(key(i), WithGeneration(i));
  for (uint64_t i = 1; i <= kAccounts; i += 2) cache.Remove(key(i));
  for (uint64_t i = 1; i <= kAccounts; ++i) {
    ASSERT_EQ(GenerationIn(cache, key(i)), i % 2 == 0 ? i : 0) << i;
  }
}

TEST(SessionCacheTest, ReadersNeverSeeAGenerationGoBack) {
  constexpr uint64_t kRotations = 20'000;
  SessionCache cache;
  cache.Publish({"a", "x"}, WithGeneration(1));
  std::thread writer([&] {
    for (uint64_t i = 2; i <= kRotations; ++i) cache.Publish({"a", "x"}, WithGeneration(i));
  });
  uint64_t last = 0;
  while (last < kRotations) {
    const uint64_t seen = GenerationIn(cache, {"a", "x"});
    ASSERT_GE(seen, last);
    last = seen;
  }
  writer.join();
}

TEST(SessionCacheTest, ReadersAndAWriterWhoAddsAndRemovesDoNotMeet) {
  constexpr int kRounds = 5'000;
  const AccountKey comes_and_goes{"a", "x"};
  const AccountKey stays{"a", "y"};
  SessionCache cache;
  cache.Publish(stays, WithGeneration(7));
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        if (GenerationIn(cache, comes_and_goes) > kRounds) ++wrong;
        if (GenerationIn(cache, stays) != 7) ++wrong;
      }
    });
  }
  for (uint64_t round = 1; round <= kRounds; ++round) {
    cache.Publish(comes_and_goes, WithGeneration(round));
    cache.Remove(comes_and_goes);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace credbroker
