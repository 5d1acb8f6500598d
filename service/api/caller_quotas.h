#ifndef CREDBROKER_SERVICE_API_CALLER_QUOTAS_H_
#define CREDBROKER_SERVICE_API_CALLER_QUOTAS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace credbroker {

// How many calls of one caller may be in flight, so that one who floods is refused alone (faults.md
// row 39). Without a limit nothing is counted. Thread-safe.
class CallerQuotas {
  struct Counter {
    std::atomic<int> unanswered = 0;
    // Answered, but not let go of by gRPC: the answer may wait for its caller to read it.
    std::atomic<int> leaving = 0;
  };

 public:
  // A caller who calls again as soon as it has its answer is never refused for the call that it was
  // an answer to; one who reads no answers is, when this many more than its limit are left.
  static constexpr int kUnread = 16;

  // `limit` ≥ 1.
  explicit CallerQuotas(std::optional<int> limit = std::nullopt) { SetLimit(limit); }

  // One call's place among its caller's; given back at its end. Must not outlive the quotas.
  class Place {
   public:
    Place() = default;
    ~Place() { GiveBack(); }
    Place(Place&& other) noexcept
        : counter_(std::exchange(other.counter_, nullptr)), answered_(other.answered_) {}
    Place& operator=(Place&& other) noexcept {
      GiveBack();
      counter_ = std::exchange(other.counter_, nullptr);
      answered_ = other.answered_;
      return *this;
    }

    // The call is about to be answered.
    void Answered();

   private:
    friend class CallerQuotas;
    explicit Place(Counter* counter) : counter_(counter) {}
    void GiveBack();

    Counter* counter_ = nullptr;
    bool answered_ = false;
  };

  // A place for one more call, or OVERLOADED.
  absl::StatusOr<Place> Enter(absl::string_view principal);

  // Holds for the calls that come from now on; those that came without a limit are not counted.
  void SetLimit(std::optional<int> limit) { limit_ = limit.value_or(0); }

 private:
  struct Shard {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, std::unique_ptr<Counter>> counters ABSL_GUARDED_BY(mutex);
    // Those without calls are forgotten when there are so many.
    size_t most ABSL_GUARDED_BY(mutex) = 1024;
  };
  static Counter& CounterOf(absl::string_view principal, Shard& shard)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  // 0: none.
  std::atomic<int> limit_ = 0;
  std::array<Shard, 16> shards_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_CALLER_QUOTAS_H_
