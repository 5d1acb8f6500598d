#ifndef CREDBROKER_SERVICE_SESSIONS_WAITERS_H_
#define CREDBROKER_SERVICE_SESSIONS_WAITERS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "service/base/loop.h"

namespace credbroker {

// Calls that wait for the same event, oldest first, each until its own deadline. Lives on the loop.
//
// `Waiter` is a move-only value. When a deadline passes, the waiter is taken out and given to
// `on_deadline`.
template <typename Waiter>
class Waiters {
 public:
  using CallId = uint64_t;

  explicit Waiters(Loop& loop) : loop_(loop) {}
  ~Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  // `on_deadline` must not outlive what it refers to: see TakeAll.
  void Add(CallId call, Instant deadline, Waiter waiter,
           absl::AnyInvocable<void(Waiter)> on_deadline) {
    TimerId timer = 0;
    if (deadline < Instant::InfiniteFuture()) {
      timer = loop_.After(deadline - loop_.Now(),
                          [this, call, on_deadline = std::move(on_deadline)]() mutable {
                            if (auto late = Take(call); late.has_value()) {
                              on_deadline(std::move(*late));
                            }
                          });
    }
    waiting_.emplace(call, Entry{timer, std::move(waiter)});
  }

  std::optional<Waiter> Take(CallId call) {
    const auto found = waiting_.find(call);
    if (found == waiting_.end()) return std::nullopt;
    loop_.Cancel(found->second.timer);
    Waiter waiter = std::move(found->second.waiter);
    waiting_.erase(found);
    return waiter;
  }

  std::vector<Waiter> TakeAll() {
    std::vector<Waiter> all;
    all.reserve(waiting_.size());
    for (auto& [call, entry] : waiting_) {
      loop_.Cancel(entry.timer);
      all.push_back(std::move(entry.waiter));
    }
    waiting_.clear();
    return all;
  }

  std::optional<Waiter> TakeOldest() {
    return TakeOldest([](const Waiter&) { return true; });
  }
  // The oldest of those that `wanted` holds for.
  template <typename Predicate>
  std::optional<Waiter> TakeOldest(Predicate wanted) {
    for (auto& [call, entry] : waiting_) {
      if (wanted(entry.waiter)) return Take(call);
    }
    return std::nullopt;
  }

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }

 private:
  struct Entry {
    TimerId timer;
    Waiter waiter;
  };

  Loop& loop_;
  absl::btree_map<CallId, Entry> waiting_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_WAITERS_H_
