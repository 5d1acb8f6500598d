// Many sessions: what they weigh, and what keeping them fresh costs.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

#include "tests/bench/child_process.h"
#include "tests/bench/figures.h"

namespace credbroker {
namespace {

constexpr int kTenants = 100;
constexpr double kKibibyte = 1024;
constexpr double kWantedKibibytes = 4;
constexpr double kWantedCores = 0.5;
constexpr double kWantedBusiest = 1.5;

nlohmann::json RunRole(const std::string& role, const std::vector<std::string>& arguments) {
  ChildProcess child(RoleCommand(role, arguments));
  return nlohmann::json::parse(child.ReadLine());
}

std::string AccountsPerTenant(const Scale& scale) {
  return absl::StrCat(scale.sessions / kTenants);
}

Figure MemoryFigure(const Scale& scale) {
  nlohmann::json found = RunRole("sessions", {absl::StrCat(kTenants), AccountsPerTenant(scale)});
  const double sessions = found["sessions"];
  const double token = found["token_bytes"];
  const double heap = found["heap_bytes"].get<double>() / sessions;
  const double resident = found["resident_bytes"].get<double>() / sessions;
  const double beyond = (resident - token) / kKibibyte;
  Figure figure;
  figure.name = absl::StrCat("memory per session, ", scale.sessions, " sessions");
  figure.measured = absl::StrCat(Cell("**%.2f KiB** beyond the token ", beyond),
                                 Cell("(heap %.0f B, ", heap), Cell("resident %.0f B)", resident));
  figure.baseline = Cell("access and refresh token %.0f B", token);
  figure.wanted = Cell("≤ %.0f KiB", kWantedKibibytes);
  figure.met = beyond <= kWantedKibibytes;
  figure.values = std::move(found);
  return figure;
}

nlohmann::json Refresh(const Scale& scale, const std::string& how) {
  return RunRole("refreshing", {absl::StrCat(kTenants), AccountsPerTenant(scale),
                                absl::StrCat(scale.minutes), how});
}

double Mean(const nlohmann::json& found) {
  return found["refreshes"].get<double>() / found["simulated_seconds"].get<double>();
}

Figure RefreshCpuFigure(const Scale& scale, const nlohmann::json& found) {
  const double cores =
      found["cpu_seconds"].get<double>() / found["simulated_seconds"].get<double>();
  Figure figure;
  figure.name = absl::StrCat(scale.sessions, " sessions of 5 min refreshing, CPU");
  figure.measured = absl::StrCat(Cell("**%.4f core**", cores),
                                 Cell(" (%.1f µs a refresh)", cores * 1e6 / Mean(found)));
  figure.baseline = absl::StrCat(Cell("%.0f refreshes/s over ", Mean(found)), scale.minutes,
                                 " simulated min; upstream and HTTP not counted");
  figure.wanted = Cell("≤ %.1f core", kWantedCores);
  figure.met = cores <= kWantedCores;
  figure.values = found;
  return figure;
}

Figure SpreadFigure(const std::string& name, const nlohmann::json& found, bool wanted) {
  const double ratio = found["busiest_second"].get<double>() / Mean(found);
  Figure figure;
  figure.name = name;
  figure.measured =
      absl::StrCat(found["busiest_second"].get<int>(), "/s, ", Cell("**%.2f ×**", ratio));
  figure.baseline = Cell("mean %.0f/s", Mean(found));
  if (wanted) {
    figure.wanted = Cell("≤ %.1f ×", kWantedBusiest);
    figure.met = ratio <= kWantedBusiest;
  }
  figure.values = found;
  return figure;
}

}  // namespace

std::vector<Figure> MeasureSessions(const Scale& scale) {
  const nlohmann::json steady = Refresh(scale, "spread");
  const nlohmann::json at_once = Refresh(scale, "at-once");
  return {MemoryFigure(scale), RefreshCpuFigure(scale, steady),
          SpreadFigure("busiest second of refreshes", steady, true),
          SpreadFigure("the same, all logged in within one second", at_once, false)};
}

}  // namespace credbroker
