#include "service/api/caller_quotas.h"

#include "absl/hash/hash.h"

#include "service/model/failure.h"

namespace credbroker {

void CallerQuotas::Place::Answered() {
  if (counter_ == nullptr || std::exchange(answered_, true)) return;
  // In this order, so that the counter is never seen without the call.
  ++counter_->leaving;
  --counter_->unanswered;
}

void CallerQuotas::Place::GiveBack() {
  if (counter_ == nullptr) return;
  --(answered_ ? counter_->leaving : counter_->unanswered);
  counter_ = nullptr;
}

CallerQuotas::Counter& CallerQuotas::CounterOf(absl::string_view principal, Shard& shard) {
  auto& counters = shard.counters;
  if (const auto found = counters.find(principal); found != counters.end()) return *found->second;
  if (counters.size() >= shard.most) {
    absl::erase_if(counters, [](const auto& entry) {
      return entry.second->unanswered == 0 && entry.second->leaving == 0;
    });
    shard.most = 2 * counters.size() + 1024;
  }
  return *counters.emplace(principal, std::make_unique<Counter>()).first->second;
}

absl::StatusOr<CallerQuotas::Place> CallerQuotas::Enter(absl::string_view principal) {
  const int limit = limit_.load(std::memory_order_relaxed);
  if (limit == 0) return Place();
  Shard& shard = shards_[absl::Hash<absl::string_view>()(principal) % shards_.size()];
  {
    absl::MutexLock lock(&shard.mutex);
    Counter& counter = CounterOf(principal, shard);
    if (counter.unanswered < limit && counter.leaving < limit + kUnread) {
      ++counter.unanswered;
      return Place(&counter);
    }
  }
  return Failure(Reason::kOverloaded,
                 "the caller has too many calls in flight: wait for some to end", absl::Seconds(1));
}

}  // namespace credbroker
