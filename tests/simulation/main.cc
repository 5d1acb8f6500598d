// Runs schedules of consecutive seeds until one violates an invariant.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

#include "tests/simulation/shrink.h"
#include "tests/simulation/world.h"

namespace credbroker::simulation {
namespace {

constexpr absl::string_view kUsage =
    "usage: simulation [--schedules N] [--seed S] [OPTION...]\n"
    "Runs the schedules of the seeds S to S+N-1 (default: 1000 from 1).\n"
    "  --coverage    prints what they reached, and fails if something was not\n"
    "  --trace       prints all that happens, as it happens\n"
    "  --digest      prints a number that stands for all that happened\n"
    "  --keep-going  does not stop at a violation, nor shrinks it\n"
    "Exits with 1 at the first violation, and prints the shortest schedule that has it.\n";

struct Options {
  uint64_t schedules = 1000;
  uint64_t seed = 1;
  bool coverage = false;
  bool trace = false;
  bool digest = false;
  bool keep_going = false;
};

std::optional<Options> ReadOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view name = argv[i];
    if (name == "--coverage") {
      options.coverage = true;
    } else if (name == "--trace") {
      options.trace = true;
    } else if (name == "--digest") {
      options.digest = true;
    } else if (name == "--keep-going") {
      options.keep_going = true;
    } else if (name == "--schedules" || name == "--seed") {
      uint64_t& value = name == "--seed" ? options.seed : options.schedules;
      if (++i == argc || !absl::SimpleAtoi(argv[i], &value)) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (options.schedules == 0) return std::nullopt;
  return options;
}

// The seed that runs, for the epitaph of a crash.
volatile uint64_t current_seed = 0;

void SayWhichSeed() {
  absl::FPrintF(stderr,
                "simulation: crashed in seed %d; see it with --seed %d --schedules 1 --trace\n",
                current_seed, current_seed);
}

void OnSignal(int signal) {
  SayWhichSeed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void WatchForCrashes() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(SayWhichSeed);
#else
  std::signal(SIGSEGV, OnSignal);
#endif
  std::signal(SIGABRT, OnSignal);
}

class Runner {
 public:
  explicit Runner(const Options& options) : options_(options) {}

  int Run() {
    for (uint64_t i = 0; i < options_.schedules; ++i) {
      current_seed = options_.seed + i;
      const Schedule schedule = Generate(current_seed);
      Trace trace(options_.trace);
      trace.set_aloud(options_.trace);
      if (const auto violation = RunOne(schedule, trace); violation.has_value()) {
        Announce(schedule, *violation, i + 1);
        ++violations_;
        if (options_.keep_going) continue;
        Explain(schedule, *violation);
        return 1;
      }
      digest_ = digest_ * 31 + trace.digest();
    }
    absl::PrintF("%d schedules from seed %d, %d steps: %d violations\n", options_.schedules,
                 options_.seed, steps_, violations_);
    if (options_.digest) absl::PrintF("digest %016x\n", digest_);
    const bool covered = !options_.coverage || ReportCoverage();
    return covered && violations_ == 0 ? 0 : 1;
  }

 private:
  std::optional<Violation> RunOne(const Schedule& schedule, Trace& trace) {
    World world(schedule, metrics_, coverage_, trace);
    const std::optional<Violation> violation = world.Run();
    steps_ += world.steps();
    return violation;
  }

  static void Announce(const Schedule& schedule, const Violation& violation, uint64_t schedules) {
    absl::PrintF("seed %d violates %s after %d schedules: %s\n", schedule.seed,
                 NameOf(violation.invariant), schedules, violation.what);
    std::fflush(stdout);
  }

  void Explain(const Schedule& schedule, const Violation& violation) {
    const Schedule shrunk = Shrink(schedule, [&](const Schedule& candidate) {
      Trace trace(false);
      const auto found = RunOne(candidate, trace);
      return found.has_value() && found->invariant == violation.invariant;
    });
    Trace trace(true);
    RunOne(shrunk, trace);
    absl::PrintF("shrunk from %d actions to %d; %s\n", schedule.actions.size(),
                 shrunk.actions.size(), Describe(shrunk.setting));
    for (const std::string& line : trace.lines()) absl::PrintF("%s\n", line);
    absl::PrintF("replay: simulation --seed %d --schedules 1\n", schedule.seed);
  }

  bool ReportCoverage() const {
    absl::PrintF("%s", coverage_.Table());
    const std::vector<std::string> missing = coverage_.Missing();
    for (const std::string& cell : missing) absl::PrintF("never reached: %s\n", cell);
    return missing.empty();
  }

  const Options options_;
  Metrics metrics_{{"acme", "bolt"}};
  Coverage coverage_;
  uint64_t steps_ = 0;
  uint64_t digest_ = 0;
  uint64_t violations_ = 0;
};

}  // namespace
}  // namespace credbroker::simulation

int main(int argc, char** argv) {
  using namespace credbroker::simulation;
  const std::optional<Options> options = ReadOptions(argc, argv);
  if (!options.has_value()) {
    absl::FPrintF(stderr, "%s", kUsage);
    return 2;
  }
  WatchForCrashes();
  return Runner(*options).Run();
}
