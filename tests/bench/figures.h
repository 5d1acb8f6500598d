#ifndef CREDBROKER_TESTS_BENCH_FIGURES_H_
#define CREDBROKER_TESTS_BENCH_FIGURES_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "tests/bench/report.h"

namespace credbroker {

// How much is measured.
struct Scale {
  // Rounds of each contender, in turns.
  int rounds = 9;
  absl::Duration round = absl::Milliseconds(400);
};

// Enough to see that every figure comes out.
inline Scale SmokeScale() { return {1, absl::Milliseconds(50)}; }

// A group of figures that share their servers.
struct FigureGroup {
  std::string name;
  std::function<std::vector<Figure>(const Scale&)> measure;
};

// Hits against bare echoes: throughput, p99, CPU, allocations.
std::vector<Figure> MeasureHits(const Scale& scale);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_FIGURES_H_
