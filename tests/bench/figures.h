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
  int sessions = 100'000;
  // Simulated.
  int minutes = 20;
  int watchers = 10'000;
  // Concurrent calls for one cold account.
  int cold_calls = 10'000;
  int cold_accounts = 1'000;
  // Of which each first and second login is weighed.
  int weighed_accounts = 200;
  int starts = 21;
};

// Enough to see that every figure comes out.
inline Scale SmokeScale() { return {1, absl::Milliseconds(50), 1'000, 10, 100, 200, 20, 5, 2}; }

// A group of figures that share their servers.
struct FigureGroup {
  std::string name;
  std::function<std::vector<Figure>(const Scale&)> measure;
};

// Hits against bare echoes: throughput, p99, CPU, allocations.
std::vector<Figure> MeasureHits(const Scale& scale);

// Many sessions: their memory, and what refreshing them costs.
std::vector<Figure> MeasureSessions(const Scale& scale);

// Many watchers of one account: their memory, a rotation pushed to them, and hits meanwhile.
std::vector<Figure> MeasureWatches(const Scale& scale);

// Logins, by the programs that are shipped: callers of one cold account, many cold accounts, the
// second login, and hits while logins run.
std::vector<Figure> MeasureLogins(const Scale& scale);

// Start and idle of the program that is shipped.
std::vector<Figure> MeasureStart(const Scale& scale);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_FIGURES_H_
