#ifndef CREDBROKER_TESTS_BENCH_REPORT_H_
#define CREDBROKER_TESTS_BENCH_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/bench/process_stats.h"

namespace credbroker {

// One line of the table.
struct Figure {
  std::string name;
  std::string measured;
  // What it is measured against, in the same run.
  std::string baseline;
  std::string wanted;
  // Nothing if nothing is wanted of it.
  std::optional<bool> met;
  // Says nothing of speed: must hold on any machine.
  bool exact = false;
  nlohmann::json values;
};

// For people: a Markdown table with the machine above it.
std::string Table(const Machine& machine, const std::vector<Figure>& figures);

// For programs.
nlohmann::json ToJson(const Machine& machine, const std::vector<Figure>& figures);

// printf for the cells.
std::string Cell(const char* format, double value);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_REPORT_H_
