#include "service/base/snapshot.h"

#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(Snapshot, ReadersKeepWhatTheyBeganWith) {
  Snapshot<int> snapshot(std::make_shared<const int>(1));
  const std::shared_ptr<const int> before = snapshot.Get();
  const std::weak_ptr<const int> first = before;
  snapshot.Replace(std::make_shared<const int>(2));
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*snapshot.Get(), 2);
}

TEST(Snapshot, WhatNobodyReadsEnds) {
  auto first = std::make_shared<const int>(1);
  const std::weak_ptr<const int> watched = first;
  Snapshot<int> snapshot(std::move(first));
  snapshot.Replace(std::make_shared<const int>(2));
  EXPECT_TRUE(watched.expired());
}

TEST(Snapshot, MayBeReadWhileItIsReplaced) {
  Snapshot<int> snapshot(std::make_shared<const int>(0));
  std::thread writer([&] {
    for (int i = 1; i <= 10'000; ++i) snapshot.Replace(std::make_shared<const int>(i));
  });
  int last = 0;
  while (last < 10'000) {
    const int now = *snapshot.Get();
    EXPECT_GE(now, last);
    last = now;
  }
  writer.join();
}

}  // namespace
}  // namespace credbroker
