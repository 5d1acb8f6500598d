#ifndef CREDBROKER_SERVICE_SESSIONS_GRACE_PERIOD_H_
#define CREDBROKER_SERVICE_SESSIONS_GRACE_PERIOD_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace credbroker {

// Lets readers on any thread look at what one writer replaces, without a lock: the writer keeps
// what it has replaced until nobody can be looking at it any more (read-copy-update, with two
// phases of counters).
//
// A reader makes a Reader, loads an atomic pointer with memory_order_seq_cst, and is done with the
// object before the Reader ends. The writer stores another pointer with memory_order_seq_cst and
// retires the old object. Neither ever waits for the other.
//
//   GracePeriod grace;
//   std::atomic<const Thing*> newest;
//
//   const GracePeriod::Reader reader(grace);            // A reader.
//   Use(*newest.load());
//
//   const Thing* const old = newest.exchange(another);  // The writer.
//   grace.Retire(Own(old));
class GracePeriod {
 private:
  // Threads share counters only by chance.
  struct alignas(64) Stripe {
    std::array<std::atomic<int64_t>, 2> reading{};
  };

 public:
  // While it lives, nothing that its thread can have come across is freed. Two atomic additions;
  // meant for a handful of instructions. Not for another thread.
  class Reader {
   public:
    explicit Reader(const GracePeriod& grace)
        : reading_(grace.MyStripe().reading[grace.phase_.load(std::memory_order_relaxed)]) {
      reading_.fetch_add(1, std::memory_order_seq_cst);
    }
    ~Reader() { reading_.fetch_sub(1, std::memory_order_release); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

   private:
    std::atomic<int64_t>& reading_;
  };

  // The rest is for the writer's thread alone.

  // Takes over what no new reader can come across. Frees it, and others, when that is safe: at once
  // if nobody is reading, else in a later Retire or Reclaim.
  void Retire(std::shared_ptr<const void> object);
  void Reclaim();

  // How many objects wait to be freed.
  size_t waiting() const { return retired_.size() + half_free_.size(); }

 private:
  Stripe& MyStripe() const;
  bool IsReading(size_t phase) const;

  // Which counter new readers take. One that is slow may take the other, so an object is free when
  // both have been seen at zero since it was retired.
  std::atomic<size_t> phase_{0};
  mutable std::array<Stripe, 64> stripes_;

  std::vector<std::shared_ptr<const void>> retired_;
  // The counter that readers take now was at zero since these were retired.
  std::vector<std::shared_ptr<const void>> half_free_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_GRACE_PERIOD_H_
