#include "service/callers/bounded_cache.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

EvidenceDigest Digest(int i) { return DigestOf(absl::StrCat("evidence ", i)); }

TEST(BoundedCacheTest, DigestIsSha256) {
  // FIPS 180-2, appendix B.1.
  const EvidenceDigest digest = DigestOf("abc");
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[1], 0x78);
  EXPECT_EQ(digest[31], 0xad);
}

TEST(BoundedCacheTest, FindsWhatWasAddedAndNothingElse) {
  BoundedCache<int> cache(8);
  EXPECT_EQ(cache.Find(Digest(1)), nullptr);
  cache.Add(Digest(1), std::make_shared<const int>(11));
  cache.Add(Digest(2), std::make_shared<const int>(22));
  cache.Add(Digest(1), std::make_shared<const int>(33));
  EXPECT_EQ(*cache.Find(Digest(1)), 33);
  EXPECT_EQ(*cache.Find(Digest(2)), 22);
  EXPECT_EQ(cache.Find(Digest(3)), nullptr);
}

TEST(BoundedCacheTest, NeverHoldsMoreThanItsCapacity) {
  BoundedCache<int> cache(8);
  for (int i = 0; i < 100; ++i) {
    cache.Add(Digest(i), std::make_shared<const int>(i));
    EXPECT_LE(cache.size(), 8u);
  }
  EXPECT_EQ(cache.Find(Digest(0)), nullptr);
  EXPECT_NE(cache.Find(Digest(99)), nullptr);
}

TEST(BoundedCacheTest, WhatIsAskedForStays) {
  BoundedCache<int> cache(8);
  cache.Add(Digest(-1), std::make_shared<const int>(7));
  for (int i = 0; i < 100; ++i) {
    cache.Add(Digest(i), std::make_shared<const int>(i));
    ASSERT_NE(cache.Find(Digest(-1)), nullptr) << i;
    EXPECT_LE(cache.size(), 8u);
  }
}

TEST(BoundedCacheTest, ManyThreadsMayUseIt) {
  BoundedCache<int> cache(16);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache] {
      for (int i = 0; i < 2000; ++i) {
        const int n = i % 40;
        if (const auto found = cache.Find(Digest(n)); found == nullptr) {
          cache.Add(Digest(n), std::make_shared<const int>(n));
        } else {
          EXPECT_EQ(*found, n);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.size(), 16u);
}

}  // namespace
}  // namespace credbroker
