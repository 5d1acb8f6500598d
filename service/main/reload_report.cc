#include "service/main/reload_report.h"

#include <string>

#include "service/base/log.h"

namespace credbroker {
namespace {

void Record(ReloadSource source, const char* outcome, AuditSink& audit) {
  if (!audit.on()) return;
  AuditEvent event;
  event.kind = AuditKind::kReload;
  event.outcome = outcome;
  event.reason = std::string(ReloadSourceName(source));
  audit.Append(std::move(event));
}

}  // namespace

void TellReloaded(ReloadSource source, Metrics& metrics, AuditSink& audit) {
  metrics.CountReload(source);
  Log(LogLevel::kInfo, "reloaded", {{"source", ReloadSourceName(source)}});
  Record(source, "ok", audit);
}

void TellReloadRefused(ReloadSource source, Metrics& metrics, AuditSink& audit) {
  metrics.CountReloadFailure(source);
  Record(source, "failed", audit);
}

}  // namespace credbroker
