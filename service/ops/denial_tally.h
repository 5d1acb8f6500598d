#ifndef CREDBROKER_SERVICE_OPS_DENIAL_TALLY_H_
#define CREDBROKER_SERVICE_OPS_DENIAL_TALLY_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "service/ops/audit_event.h"

namespace credbroker {

// Puts refusals on record so that a flood of them fills no disk: of each caller the first few in a
// minute have a line each, the rest are counted, and summed up in one. Thread-safe.
class DenialTally {
 public:
  static constexpr int kLinesPerCaller = 20;
  // Those beyond are counted together.
  static constexpr size_t kMostCallers = 1024;

  // `audit` outlives the tally.
  explicit DenialTally(AuditSink& audit) : audit_(audit) {}

  // `event` is a kDenied. A caller is its principal, or, if it has none, its host.
  void Note(AuditEvent event);

  // Writes a `denied` for each count, which says neither rpc, tenant nor account, and the reason of
  // the last. To be called once a minute, and at the end.
  void SumUp();

 private:
  struct Caller {
    int lines = 0;
    uint64_t counted = 0;
    AuditEvent sum;
  };

  AuditSink& audit_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Caller> callers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_DENIAL_TALLY_H_
