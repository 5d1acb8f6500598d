#include "service/sessions/grace_period.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

namespace credbroker {

GracePeriod::Stripe& GracePeriod::MyStripe() const {
  thread_local const size_t stripe = std::hash<std::thread::id>()(std::this_thread::get_id()) %
                                     std::tuple_size_v<decltype(stripes_)>;
  return stripes_[stripe];
}

// Sees every reader that came across an object before its pointer was replaced: the reader's
// addition, its load, the writer's store and this load have one order (memory_order_seq_cst).
bool GracePeriod::IsReading(size_t phase) const {
  return std::any_of(stripes_.begin(), stripes_.end(), [phase](const Stripe& stripe) {
    return stripe.reading[phase].load(std::memory_order_seq_cst) != 0;
  });
}

void GracePeriod::Retire(std::shared_ptr<const void> object) {
  retired_.push_back(std::move(object));
  Reclaim();
}

void GracePeriod::Reclaim() {
  for (int phases = 0; phases < 2 && waiting() > 0; ++phases) {
    const size_t other = 1 - phase_.load(std::memory_order_relaxed);
    if (IsReading(other)) return;
    half_free_.clear();
    half_free_.swap(retired_);
    phase_.store(other, std::memory_order_relaxed);
  }
}

}  // namespace credbroker
