#ifndef CREDBROKER_SERVICE_MAIN_RELOAD_REPORT_H_
#define CREDBROKER_SERVICE_MAIN_RELOAD_REPORT_H_

#include "service/ops/audit_event.h"
#include "service/ops/metrics.h"

namespace credbroker {

// Another content of `source` is in force: counted, logged, and put on record. Thread-safe.
void TellReloaded(ReloadSource source, Metrics& metrics, AuditSink& audit);

// Another content of `source` is not good: counted, and put on record. The caller logs why.
// Thread-safe.
void TellReloadRefused(ReloadSource source, Metrics& metrics, AuditSink& audit);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_RELOAD_REPORT_H_
