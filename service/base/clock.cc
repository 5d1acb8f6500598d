#include "service/base/clock.h"

#include <time.h>

namespace credbroker {
namespace {

absl::Duration Read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);  // Cannot fail for these two clocks.
  return absl::DurationFromTimespec(now);
}

class MachineClock : public Clock {
 public:
  absl::Time Wall() const override { return absl::UnixEpoch() + Read(CLOCK_REALTIME); }
  Instant Steady() const override { return Instant::FromBoot(Read(CLOCK_BOOTTIME)); }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

}  // namespace credbroker
