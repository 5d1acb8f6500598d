#include "service/sessions/session_cache.h"

#include <gtest/gtest.h>

#include <thread>

namespace credbroker {
namespace {

std::shared_ptr<Published> WithGeneration(uint64_t generation) {
  auto session = std::make_shared<Session>();
  session->generation = generation;
  auto published = std::make_shared<Published>();
  published->session = std::move(session);
  return published;
}

TEST(SessionCacheTest, FindsWhatWasPublishedLast) {
  SessionCache cache;
  EXPECT_EQ(cache.Find({"a", "x"}), nullptr);
  cache.Publish({"a", "x"}, WithGeneration(1));
  cache.Publish({"a", "x"}, WithGeneration(2));
  cache.Publish({"b", "x"}, WithGeneration(9));
  EXPECT_EQ(cache.Find({"a", "x"})->session->generation, 2u);
}

TEST(SessionCacheTest, RemovedSessionIsGoneButReadersKeepTheirs) {
  SessionCache cache;
  cache.Publish({"a", "x"}, WithGeneration(1));
  const auto held = cache.Find({"a", "x"});
  cache.Remove({"a", "x"});
  EXPECT_EQ(cache.Find({"a", "x"}), nullptr);
  EXPECT_EQ(held->session->generation, 1u);
}

TEST(SessionCacheTest, ReadersNeverSeeAGenerationGoBack) {
  SessionCache cache;
  constexpr uint64_t kRotations = 20'000;
  cache.Publish({"a", "x"}, WithGeneration(1));
  std::thread writer([&] {
    for (uint64_t i = 2; i <= kRotations; ++i) cache.Publish({"a", "x"}, WithGeneration(i));
  });
  uint64_t last = 0;
  while (last < kRotations) {
    const uint64_t seen = cache.Find({"a", "x"})->session->generation;
    ASSERT_GE(seen, last);
    last = seen;
  }
  writer.join();
}

}  // namespace
}  // namespace credbroker
