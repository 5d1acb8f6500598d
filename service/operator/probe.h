#ifndef CREDBROKER_SERVICE_OPERATOR_PROBE_H_
#define CREDBROKER_SERVICE_OPERATOR_PROBE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/operator/configured_account.h"

namespace credbroker {

struct ProbeOptions {
  AccountChoice choice;
  // Try to log in, with one attempt per mechanism, the tenant's own first, until one is accepted.
  // Whoever sets this knows that no broker holds the account back: the probe cannot.
  bool spend_attempts = false;
};

enum class ProbeResult { kOk, kWarning, kFailed };

// One thing that was looked at. No member is a secret; texts may come from upstream: escape them.
struct ProbeCheck {
  // "connect", "tls", "scram", "clock", "credential" or "login".
  std::string name;
  ProbeResult result = ProbeResult::kOk;
  // What was found and, if it is not good, what to do.
  std::string message;
  // The same for programs.
  std::vector<std::pair<std::string, std::string>> facts;
};

struct ProbeReport {
  std::string tenant;
  std::string account;
  std::string base_url;
  std::string mechanism;
  // In the order in which they were made. What needs a check that failed is not there.
  std::vector<ProbeCheck> checks;

  // Whether no check failed.
  bool ok() const;
};

// Looks at all that has to be right between a configuration and a tenant's upstream: the way there,
// its certificate, its answer to the first SCRAM message, its clock, and the account's credential
// as far as that can be judged from here. Spends no login attempt unless told to; a session that it
// makes it also ends. `now` is the wall time. INVALID_ARGUMENT as FindConfiguredAccount. Blocks,
// for some of the tenant's request_timeouts. After PrepareOperatorProcess.
absl::StatusOr<ProbeReport> Probe(const ProbeOptions& options, absl::Time now);

// A line for each check, for people.
std::string DescribeReport(const ProbeReport& report);

// One JSON object in one line without its end:
//   {"tenant", "account", "baseUrl", "mechanism", "ok", "checks": [{"check", "result": "ok" |
//   "warning" | "failed", "message", "facts": {NAME: TEXT}}]}
std::string ReportJson(const ProbeReport& report);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_PROBE_H_
