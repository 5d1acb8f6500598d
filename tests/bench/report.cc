#include "tests/bench/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace credbroker {

std::string Cell(const char* format, double value) {
  char text[64];
  snprintf(text, sizeof(text), format, value);
  return text;
}

std::string Table(const Machine& machine, const std::vector<Figure>& figures) {
  std::string text =
      absl::StrFormat("%s, %d cores, %.1f GiB, %s; load before the run %.2f\n\n", machine.processor,
                      machine.cores, machine.memory_gib, machine.kernel, machine.load);
  absl::StrAppend(&text, "| figure | measured | baseline, same run | wanted | |\n",
                  "|---|---|---|---|---|\n");
  for (const Figure& figure : figures) {
    const char* const verdict = !figure.met.has_value() ? "" : *figure.met ? "met" : "**missed**";
    absl::StrAppend(&text, "| ", figure.name, " | ", figure.measured, " | ", figure.baseline, " | ",
                    figure.wanted, " | ", verdict, " |\n");
  }
  return text;
}

nlohmann::json ToJson(const Machine& machine, const std::vector<Figure>& figures) {
  nlohmann::json json;
  json["machine"] = {{"processor", machine.processor},
                     {"cores", machine.cores},
                     {"memory_gib", machine.memory_gib},
                     {"kernel", machine.kernel},
                     {"load", machine.load}};
  json["figures"] = nlohmann::json::array();
  for (const Figure& figure : figures) {
    nlohmann::json row = {{"name", figure.name},
                          {"measured", figure.measured},
                          {"baseline", figure.baseline},
                          {"wanted", figure.wanted},
                          {"values", figure.values}};
    if (figure.met.has_value()) row["met"] = *figure.met;
    json["figures"].push_back(std::move(row));
  }
  return json;
}

}  // namespace credbroker
