#include "tests/simulation/arguments.h"

#include <vector>

namespace credbroker::simulation {

CallKind KindOf(Act act) {
  switch (act) {
    case Act::kLogin:
    case Act::kForceLogin:
    case Act::kReleaseHold:
    case Act::kPasswordLogin:
      return CallKind::kLogin;
    case Act::kRefresh:
    case Act::kRefreshIf:
      return CallKind::kRefresh;
    case Act::kWatch:
      return CallKind::kWatch;
    case Act::kLogout:
      return CallKind::kLogout;
    case Act::kList:
      return CallKind::kList;
    case Act::kMeasure:
      return CallKind::kMeasure;
    default:
      return CallKind::kGetToken;
  }
}

CallOptions OptionsFrom(uint8_t argument, Instant now) {
  CallOptions options;
  const std::array<std::vector<std::string>, 4> principals = {
      {{"ann"}, {"ann"}, {"ben"}, {"ben", "ann"}}};
  options.principals = Pick(principals, argument);
  options.is_operator = (argument >> 2) % 4 == 3;
  const std::array deadlines = {absl::InfiniteDuration(), absl::InfiniteDuration(),
                                absl::Seconds(30),        absl::Seconds(5),
                                absl::Milliseconds(100),  absl::ZeroDuration()};
  const absl::Duration patience = Pick(deadlines, static_cast<uint8_t>(argument >> 4));
  if (patience < absl::InfiniteDuration()) options.deadline = now + patience;
  return options;
}

absl::Duration DurationFrom(uint8_t argument) {
  constexpr std::array kMilliseconds = {
      int64_t{1'000},   int64_t{0},       int64_t{1},         int64_t{20},
      int64_t{40},      int64_t{50},      int64_t{300},       int64_t{5'000},
      int64_t{10'000},  int64_t{30'000},  int64_t{60'000},    int64_t{240'000},
      int64_t{300'000}, int64_t{900'000}, int64_t{3'600'000}, int64_t{40'000'000}};
  return absl::Milliseconds(Pick(kMilliseconds, argument));
}

absl::Duration SuspensionFrom(uint8_t argument) {
  const std::array durations = {absl::Seconds(1),   absl::Seconds(12), absl::Minutes(1),
                                absl::Minutes(5),   absl::Hours(1),    absl::Hours(12),
                                absl::Hours(8 * 24)};
  return Pick(durations, argument);
}

absl::Duration JumpFrom(uint8_t argument) {
  const std::array jumps = {absl::Hours(1), absl::Hours(-1), absl::Seconds(6), absl::Seconds(-6),
                            absl::Hours(24 * 400)};
  return Pick(jumps, argument);
}

absl::Duration LifetimeFrom(uint8_t argument) {
  constexpr std::array kSeconds = {300, 1, 20, 599, 600, 3600, 86400};
  return absl::Seconds(Pick(kSeconds, argument));
}

std::string PasswordFrom(uint8_t argument, const std::string& right) {
  return Pick(std::array<std::string, 6>{right, right, right, "wrong-1", "wrong-2", "wrong-3"},
              argument);
}

uint64_t GenerationFrom(uint8_t argument, uint64_t current) {
  constexpr uint64_t kNever = 999'999;
  return Pick(std::array{current, current, current > 0 ? current - 1 : 0, kNever}, argument);
}

double ShareFrom(int argument) {
  constexpr std::array kShares = {0.5, 0.1, 0.89, 0.9, 0.91};
  return Pick(kShares, static_cast<uint8_t>(argument));
}

}  // namespace credbroker::simulation
