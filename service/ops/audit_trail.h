#ifndef CREDBROKER_SERVICE_OPS_AUDIT_TRAIL_H_
#define CREDBROKER_SERVICE_OPS_AUDIT_TRAIL_H_

#include <utility>

#include "service/ops/audit_event.h"
#include "service/ops/denial_tally.h"
#include "service/ops/handout_ledger.h"

namespace credbroker {

// What the API puts on record of its callers. Thread-safe.
struct AuditTrail {
  // `audit` outlives the trail.
  explicit AuditTrail(AuditSink& audit) : handouts(audit), denials(audit) {}

  // Both sums; `done` as for HandoutLedger::SumUp. To be called once a minute, and at the end.
  void SumUp(HandoutLedger::Summed done = nullptr) {
    denials.SumUp();
    handouts.SumUp(std::move(done));
  }

  HandoutLedger handouts;
  DenialTally denials;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_AUDIT_TRAIL_H_
