#include "service/ops/readiness.h"

#include <utility>

namespace credbroker {

void Readiness::SetOk(absl::string_view name) { Set({std::string(name), true, ""}); }

void Readiness::SetFailing(absl::string_view name, absl::string_view reason) {
  Set({std::string(name), false, std::string(reason)});
}

void Readiness::Set(Condition condition) {
  absl::MutexLock lock(&mutex_);
  for (Condition& known : conditions_) {
    if (known.name == condition.name) {
      known = std::move(condition);
      return;
    }
  }
  conditions_.push_back(std::move(condition));
}

Readiness::Report Readiness::Get() const {
  Report report;
  absl::MutexLock lock(&mutex_);
  report.conditions = conditions_;
  for (const Condition& condition : conditions_) report.ready = report.ready && condition.ok;
  return report;
}

}  // namespace credbroker
