#ifndef CREDBROKER_TESTS_SIMULATION_ARGUMENTS_H_
#define CREDBROKER_TESTS_SIMULATION_ARGUMENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "tests/simulation/callers.h"
#include "tests/simulation/schedule.h"

// What the arguments of an action mean. 0 is the plainest value everywhere.

namespace credbroker::simulation {

template <typename T, size_t n>
T Pick(const std::array<T, n>& values, uint8_t argument) {
  return values[argument % n];
}

// The call that the act makes.
CallKind KindOf(Act act);
// Principals, whether an operator, and the deadline.
CallOptions OptionsFrom(uint8_t argument, Instant now);
// A password, right or wrong.
std::string PasswordFrom(uint8_t argument, const std::string& right);
// What Refresh is to replace, where `current` is the newest generation.
uint64_t GenerationFrom(uint8_t argument, uint64_t current);
// The share of a lifetime that is to remain.
double ShareFrom(int argument);
// How far to advance, to stand still, to jump.
absl::Duration DurationFrom(uint8_t argument);
absl::Duration SuspensionFrom(uint8_t argument);
absl::Duration JumpFrom(uint8_t argument);
// How long tokens live.
absl::Duration LifetimeFrom(uint8_t argument);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_ARGUMENTS_H_
