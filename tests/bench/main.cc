// The benchmarks of issue "Proof: … speed measured against bare gRPC". See README.md.

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"

#include "tests/bench/figures.h"
#include "tests/bench/process_stats.h"
#include "tests/bench/report.h"
#include "tests/bench/roles.h"

namespace credbroker {
namespace {

constexpr int kUsage = 2;
constexpr char kHelp[] =
    "bench [--smoke] [--only GROUP,…] [--rounds N] [--json FILE]\n"
    "Prints a table. --smoke: measures next to nothing, and fails if a figure is missing or a\n"
    "count is wrong.\n";

struct Arguments {
  bool smoke = false;
  std::vector<std::string> only;
  int rounds = 0;
  std::string json;
};

std::vector<FigureGroup> Groups() {
  return {{"hits", MeasureHits},
          {"logins", MeasureLogins},
          {"sessions", MeasureSessions},
          {"watches", MeasureWatches},
          {"start", MeasureStart}};
}

bool Parse(const std::vector<std::string>& words, Arguments& arguments) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--smoke") {
      arguments.smoke = true;
    } else if (words[i] == "--only" && has_value) {
      arguments.only = absl::StrSplit(words[++i], ',');
    } else if (words[i] == "--rounds" && has_value) {
      arguments.rounds = std::atoi(words[++i].c_str());
    } else if (words[i] == "--json" && has_value) {
      arguments.json = words[++i];
    } else {
      return false;
    }
  }
  return true;
}

bool IsChosen(const Arguments& arguments, const std::string& group) {
  return arguments.only.empty() ||
         std::find(arguments.only.begin(), arguments.only.end(), group) != arguments.only.end();
}

int Run(const Arguments& arguments) {
  const Machine machine = DescribeMachine();
  Scale scale = arguments.smoke ? SmokeScale() : Scale();
  if (arguments.rounds > 0) scale.rounds = arguments.rounds;
  std::vector<Figure> figures;
  bool whole = true;
  for (const FigureGroup& group : Groups()) {
    if (!IsChosen(arguments, group.name)) continue;
    fprintf(stderr, "%s …\n", group.name.c_str());
    for (Figure& figure : group.measure(scale)) {
      whole = whole && !figure.measured.empty() && (!figure.exact || figure.met.value_or(false));
      figures.push_back(std::move(figure));
    }
  }
  fputs(Table(machine, figures).c_str(), stdout);
  if (!arguments.json.empty()) {
    std::ofstream(arguments.json) << ToJson(machine, figures).dump(1) << "\n";
  }
  return whole ? 0 : 1;
}

}  // namespace
}  // namespace credbroker

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 2 && words[0] == "--role") {
    return credbroker::PlayRole(words[1], {words.begin() + 2, words.end()});
  }
  credbroker::Arguments arguments;
  if (!credbroker::Parse(words, arguments)) {
    fputs(credbroker::kHelp, stderr);
    return credbroker::kUsage;
  }
  return credbroker::Run(arguments);
}
