#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_WORLD_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_WORLD_H_

#include <string>

#include "absl/container/btree_set.h"

#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/model/account_key.h"
#include "service/ops/audit_event.h"
#include "service/ops/metrics.h"
#include "service/sessions/exchange_gate.h"
#include "service/sessions/outstanding_revocations.h"
#include "service/sessions/policy.h"
#include "service/sessions/session_cache.h"
#include "service/sessions/upstream_allowance.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// How many sessions there may be. Lives on the loop.
class Capacity {
 public:
  virtual ~Capacity() = default;
  // Takes a place for one more session; makes room by ending an idle one if need be. False: none is
  // idle.
  virtual bool Take() = 0;
  virtual void GiveBack() = 0;
};

// What every account shares; outlives the accounts. Lives on the loop, but for the cache.
struct AccountWorld {
  Loop& loop;
  Upstream& upstream;
  Random& random;
  Metrics& metrics;
  // Null: nothing is recorded.
  AuditSink* audit;
  const SessionPolicy& policy;
  SessionCache& cache;
  ExchangeGate& gate;
  OutstandingRevocations& outstanding;
  Capacity& capacity;
  UpstreamAllowance& allowance;
  // Tells callers' passwords apart without keeping them: a random key of this process.
  std::string fingerprint_key;
  // Accounts that may be held back; in order, so that each run asks in the same one.
  absl::btree_set<AccountKey> held;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_ACCOUNT_WORLD_H_
