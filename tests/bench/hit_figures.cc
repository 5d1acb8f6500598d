// What a hit costs beside what gRPC costs.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/bench/child_process.h"
#include "tests/bench/figures.h"
#include "tests/bench/load_client.h"

namespace credbroker {
namespace {

// One server and what it did in the rounds of one shape.
struct Contender {
  std::unique_ptr<ChildProcess> process;
  std::string address;
  std::unique_ptr<LoadClient> client;

  std::vector<double> per_second;
  std::vector<double> cpu_micros;
  std::vector<double> p99;
  Latencies latencies;
  double allocations = 0;
};

// The broker, the typed echo and the raw echo.
enum { kBroker, kTyped, kRaw, kContenders };
using Contenders = std::array<Contender, kContenders>;

struct Wanted {
  LoadShape shape;
  double throughput;
};
constexpr Wanted kWanted[] = {{{1, 1}, 0.95}, {{4, 32}, 1.0}, {{16, 64}, 1.0}};
constexpr double kWantedP99 = 1.1;
constexpr double kWantedCpuMicros = 1;
// Ours would be one at least in each call; gRPC's vary by a few tenths with how calls come in.
constexpr double kNoAllocation = 0.5;

std::string HitRequest(uint64_t) { return TokenRequestBytes("t0", "a0"); }

void StartServer(Contender& contender, const std::string& role,
                 const std::vector<std::string>& arguments) {
  contender.process = std::make_unique<ChildProcess>(RoleCommand(role, arguments));
  contender.address = contender.process->Expect("listening on ");
}

// The size of the broker's answer, so that the echoes' have the same.
size_t AnswerBytes(const std::string& address) {
  LoadClient client(address, {1, 1}, MethodPath("GetToken"), HitRequest);
  return client.AnswerBytes();
}

void RunRound(Contender& contender, absl::Duration duration) {
  const absl::Duration before = CpuOf(contender.process->pid());
  const LoadResult result = contender.client->Run(duration);
  const absl::Duration cpu = CpuOf(contender.process->pid()) - before;
  contender.per_second.push_back(result.per_second());
  contender.cpu_micros.push_back(absl::ToDoubleMicroseconds(cpu) /
                                 static_cast<double>(result.calls));
  contender.p99.push_back(result.latencies.P99());
  contender.latencies.Merge(result.latencies);
}

// In turns, each round beginning with another, so that what the machine does besides meets all.
void RunRounds(Contenders& contenders, LoadShape shape, const Scale& scale) {
  for (Contender& contender : contenders) {
    contender.client =
        std::make_unique<LoadClient>(contender.address, shape, MethodPath("GetToken"), HitRequest);
    contender.client->Run(scale.round / 4);
    contender.per_second.clear();
    contender.cpu_micros.clear();
    contender.p99.clear();
    contender.latencies = {};
  }
  for (int round = 0; round < scale.rounds; ++round) {
    for (size_t i = 0; i < kContenders; ++i) {
      RunRound(contenders[(static_cast<size_t>(round) + i) % kContenders], scale.round);
    }
  }
}

// In a round of its own: counting costs.
void CountAllocationsOf(Contender& contender, const Scale& scale) {
  contender.process->Ask("count");
  const LoadResult result = contender.client->Run(scale.round);
  contender.allocations =
      std::stod(contender.process->Ask("allocations")) / static_cast<double>(result.calls);
}

// The median of the rounds' ratios or differences: neighbours in time meet the same noise.
template <typename Combine>
double MedianOfRounds(const std::vector<double>& a, const std::vector<double>& b, Combine combine) {
  std::vector<double> combined;
  for (size_t i = 0; i < a.size(); ++i) combined.push_back(combine(a[i], b[i]));
  return Median(combined);
}
double Ratio(double a, double b) { return a / b; }
double Difference(double a, double b) { return a - b; }

Figure ThroughputFigure(const Contenders& all, const Wanted& wanted) {
  const double ratio = MedianOfRounds(all[kBroker].per_second, all[kTyped].per_second, Ratio);
  const double to_raw = MedianOfRounds(all[kBroker].per_second, all[kRaw].per_second, Ratio);
  Figure figure;
  figure.name = absl::StrCat("hit, throughput, ", wanted.shape.name());
  figure.measured = absl::StrCat(Cell("%.0f/s, ", Median(all[kBroker].per_second)),
                                 Cell("**%.3f ×**", ratio), Cell(" (raw echo: %.3f ×)", to_raw));
  figure.baseline = Cell("typed echo %.0f/s", Median(all[kTyped].per_second));
  figure.wanted = Cell("≥ %.2f ×", wanted.throughput);
  figure.met = ratio >= wanted.throughput;
  figure.values = {{"ratio", ratio},
                   {"ratio_to_raw", to_raw},
                   {"per_second", all[kBroker].per_second},
                   {"typed_per_second", all[kTyped].per_second},
                   {"raw_per_second", all[kRaw].per_second}};
  return figure;
}

Figure P99Figure(const Contenders& all, const Wanted& wanted) {
  const double p99 = all[kBroker].latencies.P99();
  const double typed = all[kTyped].latencies.P99();
  Figure figure;
  figure.name = absl::StrCat("hit, p99, ", wanted.shape.name());
  figure.measured = absl::StrCat(Cell("%.0f µs, ", p99), Cell("**%.3f ×**", p99 / typed));
  figure.baseline = Cell("typed echo %.0f µs", typed);
  figure.wanted = Cell("≤ %.1f ×", kWantedP99);
  figure.met = p99 <= kWantedP99 * typed;
  figure.values = {
      {"ratio", p99 / typed},
      {"micros", p99},
      {"typed_micros", typed},
      {"raw_micros", all[kRaw].latencies.P99()},
      {"median_of_round_ratios", MedianOfRounds(all[kBroker].p99, all[kTyped].p99, Ratio)},
      {"samples", all[kBroker].latencies.size()}};
  return figure;
}

Figure CpuFigure(const Contenders& all, const Wanted& wanted) {
  const double beyond_raw =
      MedianOfRounds(all[kBroker].cpu_micros, all[kRaw].cpu_micros, Difference);
  Figure figure;
  figure.name = absl::StrCat("hit, CPU beyond gRPC's, ", wanted.shape.name());
  figure.measured = absl::StrCat(Cell("**%+.2f µs**", beyond_raw),
                                 Cell(" (of %.1f µs)", Median(all[kBroker].cpu_micros)));
  figure.baseline = absl::StrCat(Cell("raw echo %.1f µs", Median(all[kRaw].cpu_micros)),
                                 Cell(", typed echo %.1f µs", Median(all[kTyped].cpu_micros)));
  figure.wanted = Cell("≤ %.0f µs", kWantedCpuMicros);
  figure.met = beyond_raw <= kWantedCpuMicros;
  figure.values = {{"beyond_raw_micros", beyond_raw},
                   {"micros", all[kBroker].cpu_micros},
                   {"raw_micros", all[kRaw].cpu_micros},
                   {"typed_micros", all[kTyped].cpu_micros}};
  return figure;
}

Figure AllocationFigure(const Contenders& all) {
  const double ours = all[kBroker].allocations - all[kRaw].allocations;
  Figure figure;
  figure.name = "hit, allocations beyond gRPC's";
  figure.measured =
      absl::StrCat(Cell("**%+.2f**", ours), Cell(" (of %.2f)", all[kBroker].allocations));
  figure.baseline = absl::StrCat(Cell("raw echo %.2f", all[kRaw].allocations),
                                 Cell(", typed echo %.2f", all[kTyped].allocations));
  figure.wanted = "0";
  figure.met = ours <= kNoAllocation;
  figure.values = {{"beyond_raw", ours},
                   {"broker", all[kBroker].allocations},
                   {"raw", all[kRaw].allocations},
                   {"typed", all[kTyped].allocations}};
  return figure;
}

}  // namespace

std::vector<Figure> MeasureHits(const Scale& scale) {
  Contenders contenders;
  StartServer(contenders[kBroker], "broker", {"1", "1"});
  const std::string bytes = absl::StrCat(AnswerBytes(contenders[kBroker].address));
  StartServer(contenders[kTyped], "typed-echo", {bytes});
  StartServer(contenders[kRaw], "raw-echo", {bytes});
  std::vector<Figure> figures;
  for (const Wanted& wanted : kWanted) {
    RunRounds(contenders, wanted.shape, scale);
    figures.push_back(ThroughputFigure(contenders, wanted));
    figures.push_back(P99Figure(contenders, wanted));
    figures.push_back(CpuFigure(contenders, wanted));
  }
  for (Contender& contender : contenders) {
    contender.client = std::make_unique<LoadClient>(contender.address, LoadShape{4, 32},
                                                    MethodPath("GetToken"), HitRequest);
    CountAllocationsOf(contender, scale);
  }
  figures.push_back(AllocationFigure(contenders));
  return figures;
}

}  // namespace credbroker
