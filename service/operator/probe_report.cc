// What is shown of a probe.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "service/base/json.h"
#include "service/operator/probe.h"

namespace credbroker {
namespace {

const char* ResultText(ProbeResult result) {
  switch (result) {
    case ProbeResult::kOk:
      return "ok";
    case ProbeResult::kWarning:
      return "warning";
    case ProbeResult::kFailed:
      return "failed";
  }
  return "failed";
}

}  // namespace

std::string DescribeReport(const ProbeReport& report) {
  std::string text = absl::StrCat(report.tenant, "/", report.account, " at ", report.base_url,
                                  " with ", report.mechanism, "\n");
  for (const ProbeCheck& check : report.checks) {
    absl::StrAppendFormat(&text, "%-10s  %-7s  %s\n", check.name, ResultText(check.result),
                          check.message);
  }
  return text;
}

std::string ReportJson(const ProbeReport& report) {
  Json checks = Json::array();
  for (const ProbeCheck& check : report.checks) {
    Json facts = Json::object();
    for (const auto& [name, value] : check.facts) facts[name] = value;
    checks.push_back({{"check", check.name},
                      {"result", ResultText(check.result)},
                      {"message", check.message},
                      {"facts", std::move(facts)}});
  }
  const Json all = {{"tenant", report.tenant},    {"account", report.account},
                    {"baseUrl", report.base_url}, {"mechanism", report.mechanism},
                    {"ok", report.ok()},          {"checks", std::move(checks)}};
  return all.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace credbroker
