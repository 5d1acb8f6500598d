// How soon the program that is shipped is there, and what it takes while nobody calls.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/bench/child_process.h"
#include "tests/bench/figures.h"
#include "tests/bench/latencies.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/shipped_site.h"

namespace credbroker {
namespace {

constexpr double kMebibyte = 1 << 20;
constexpr double kWantedMs = 150;
constexpr double kWantedMebibytes = 30;

}  // namespace

std::vector<Figure> MeasureStart(const Scale& scale) {
  std::vector<double> ready, listening, echo_listening, resident, echo_resident;
  int threads = 0;
  for (int i = 0; i < scale.starts; ++i) {
    const ColdStart start = StartOnce();
    ready.push_back(absl::ToDoubleMilliseconds(start.ready));
    listening.push_back(absl::ToDoubleMilliseconds(start.listening));
    resident.push_back(static_cast<double>(start.resident_bytes) / kMebibyte);
    threads = start.threads;
    const absl::Duration begin = Monotonic();
    ChildProcess echo(RoleCommand("raw-echo", {"1000"}));
    echo.Expect("listening on ");
    echo_listening.push_back(absl::ToDoubleMilliseconds(Monotonic() - begin));
    echo_resident.push_back(static_cast<double>(ResidentBytes(echo.pid())) / kMebibyte);
  }
  Figure start;
  start.name = "ready after exec (/readyz says 200)";
  start.measured = absl::StrCat(Cell("**%.0f ms**", Median(ready)),
                                Cell(" (listening %.0f ms)", Median(listening)));
  start.baseline = Cell("raw echo listening %.0f ms", Median(echo_listening));
  start.wanted = Cell("≤ %.0f ms", kWantedMs);
  start.met = Median(ready) <= kWantedMs;
  start.values = {{"ready_ms", ready}, {"listening_ms", listening}, {"raw_ms", echo_listening}};
  Figure idle;
  idle.name = "idle resident memory";
  idle.measured = absl::StrCat(Cell("**%.1f MiB**, ", Median(resident)), threads, " threads");
  idle.baseline = Cell("raw echo %.1f MiB", Median(echo_resident));
  idle.wanted = Cell("≤ %.0f MiB", kWantedMebibytes);
  idle.met = Median(resident) <= kWantedMebibytes;
  idle.values = {{"mib", resident}, {"raw_mib", echo_resident}, {"threads", threads}};
  return {start, idle};
}

}  // namespace credbroker
