#ifndef CREDBROKER_TESTS_SIMULATION_DRAW_H_
#define CREDBROKER_TESTS_SIMULATION_DRAW_H_

#include <cstddef>
#include <cstdint>

namespace credbroker::simulation {

// Which of a schedule's chances is meant.
enum class Stream : uint64_t { kSetting, kActions, kOrder, kLatency, kJitter, kBytes };

// Chance as a function: the same seed, stream and index always give the same number. So one chance
// does not depend on how often another was asked, and a schedule from which actions were taken
// away still meets the same latencies. splitmix64 of the mixed arguments. Pure.
inline uint64_t Draw(uint64_t seed, Stream stream, uint64_t index) {
  uint64_t z = seed * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(stream) * 0xD1B54A32D192ED03u +
               index * 0x8CB92BA72F3D8DD7u;
  for (int i = 0; i < 2; ++i) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
  }
  return z;
}

// The numbers of one stream, one after another.
class Dice {
 public:
  Dice(uint64_t seed, Stream stream) : seed_(seed), stream_(stream) {}

  uint64_t Next() { return Draw(seed_, stream_, index_++); }
  // 0 to `sides` - 1.
  size_t Below(size_t sides) { return static_cast<size_t>(Next() % sides); }
  // True once in `times`.
  bool OneIn(size_t times) { return Below(times) == 0; }
  // In [0, 1).
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t seed_;
  Stream stream_;
  uint64_t index_ = 0;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_DRAW_H_
