#include "service/api/caller_quotas.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

using Place = CallerQuotas::Place;

Place Take(CallerQuotas& quotas, const std::string& caller) {
  absl::StatusOr<Place> place = quotas.Enter(caller);
  EXPECT_TRUE(place.ok()) << caller;
  return place.ok() ? *std::move(place) : Place();
}
bool IsRefused(CallerQuotas& quotas, const std::string& caller) {
  const absl::StatusOr<Place> place = quotas.Enter(caller);
  if (place.ok()) return false;
  EXPECT_EQ(ReasonOf(place.status()), Reason::kOverloaded);
  EXPECT_EQ(place.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryAfterOf(place.status()), absl::Seconds(1));
  return true;
}

TEST(CallerQuotas, WhoHasAsManyCallsAsTheLimitIsRefusedAloneRow39) {
  CallerQuotas quotas(3);
  std::vector<Place> places;
  for (int i = 0; i < 3; ++i) places.push_back(Take(quotas, "flooder"));
  EXPECT_TRUE(IsRefused(quotas, "flooder"));
  for (int i = 0; i < 100; ++i) places.push_back(Take(quotas, absl::StrCat("caller-", i)));
  EXPECT_TRUE(IsRefused(quotas, "flooder"));
}

TEST(CallerQuotas, ACallThatEndsMakesRoomForOne) {
  CallerQuotas quotas(2);
  std::optional<Place> first = Take(quotas, "a");
  const Place second = Take(quotas, "a");
  EXPECT_TRUE(IsRefused(quotas, "a"));
  first.reset();
  const Place third = Take(quotas, "a");
  EXPECT_TRUE(IsRefused(quotas, "a"));
}

TEST(CallerQuotas, WhoseCallIsAnsweredMayCallAgainBeforeItHasEnded) {
  CallerQuotas quotas(1);
  Place first = Take(quotas, "a");
  EXPECT_TRUE(IsRefused(quotas, "a"));
  first.Answered();
  first.Answered();
  const Place second = Take(quotas, "a");
  EXPECT_TRUE(IsRefused(quotas, "a"));
}

TEST(CallerQuotas, WhoReadsNoAnswersIsRefusedInTheEnd) {
  CallerQuotas quotas(1);
  std::vector<Place> unread;
  for (int i = 0; i < 1 + CallerQuotas::kUnread; ++i) {
    unread.push_back(Take(quotas, "a"));
    unread.back().Answered();
  }
  EXPECT_TRUE(IsRefused(quotas, "a"));
  unread.pop_back();
  EXPECT_FALSE(IsRefused(quotas, "a"));
}

TEST(CallerQuotas, WithoutALimitNobodyIsRefused) {
  CallerQuotas quotas;
  std::vector<Place> places;
  for (int i = 0; i < 10'000; ++i) places.push_back(Take(quotas, "a"));
  quotas.SetLimit(1);
  // Those were not counted.
  places.push_back(Take(quotas, "a"));
  EXPECT_TRUE(IsRefused(quotas, "a"));
  quotas.SetLimit(std::nullopt);
  EXPECT_FALSE(IsRefused(quotas, "a"));
  places.clear();
  quotas.SetLimit(1);
  EXPECT_FALSE(IsRefused(quotas, "a"));
}

TEST(CallerQuotas, ForgettingCallersForgetsNoCall) {
  CallerQuotas quotas(1);
  const Place place = Take(quotas, "a");
  for (int i = 0; i < 100'000; ++i) Take(quotas, absl::StrCat("caller-", i));
  EXPECT_TRUE(IsRefused(quotas, "a"));
}

TEST(CallerQuotas, ThreadsNeverHaveMoreThanTheLimit) {
  CallerQuotas quotas(3);
  std::atomic<int> inside = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        absl::StatusOr<Place> place = quotas.Enter("a");
        if (!place.ok()) continue;
        EXPECT_LE(++inside, 3);
        --inside;
        if (i % 2 == 0) place->Answered();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<Place> places;
  for (int i = 0; i < 3; ++i) places.push_back(Take(quotas, "a"));
  EXPECT_TRUE(IsRefused(quotas, "a"));
}

}  // namespace
}  // namespace credbroker
