#ifndef CREDBROKER_SERVICE_BASE_CLOCK_H_
#define CREDBROKER_SERVICE_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace credbroker {

// A moment on the steady clock: it never jumps, and it goes on while the machine is suspended. For
// waiting, and for expiry counted from receipt. A type of its own, since mixing it up with wall
// time would be silent.
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant FromBoot(absl::Duration since_boot) { return Instant(since_boot); }
  static constexpr Instant InfiniteFuture() { return Instant(absl::InfiniteDuration()); }
  static constexpr Instant InfinitePast() { return Instant(-absl::InfiniteDuration()); }

  constexpr absl::Duration since_boot() const { return since_boot_; }

  friend constexpr bool operator==(Instant a, Instant b) { return a.since_boot_ == b.since_boot_; }
  friend constexpr bool operator<(Instant a, Instant b) { return a.since_boot_ < b.since_boot_; }
  friend constexpr bool operator>(Instant a, Instant b) { return b < a; }
  friend constexpr bool operator<=(Instant a, Instant b) { return !(b < a); }
  friend constexpr bool operator>=(Instant a, Instant b) { return !(a < b); }
  friend Instant operator+(Instant a, absl::Duration d) { return Instant(a.since_boot_ + d); }
  friend Instant operator-(Instant a, absl::Duration d) { return Instant(a.since_boot_ - d); }
  friend absl::Duration operator-(Instant a, Instant b) { return a.since_boot_ - b.since_boot_; }

 private:
  explicit constexpr Instant(absl::Duration since_boot) : since_boot_(since_boot) {}
  absl::Duration since_boot_ = absl::ZeroDuration();
};

// Where time comes from. Thread-safe. Only loops and the composition root hold one; everything else
// is told what time it is.
class Clock {
 public:
  virtual ~Clock() = default;
  // What people see. May jump.
  virtual absl::Time Wall() const = 0;
  // See Instant.
  virtual Instant Steady() const = 0;
};

// The machine's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME. Lives for ever.
const Clock& SystemClock();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_CLOCK_H_
