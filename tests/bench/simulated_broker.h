#ifndef CREDBROKER_TESTS_BENCH_SIMULATED_BROKER_H_
#define CREDBROKER_TESTS_BENCH_SIMULATED_BROKER_H_

#include <memory>
#include <string>
#include <vector>

#include "service/api/grpc_server.h"
#include "service/base/event_loop.h"
#include "service/model/tenant.h"
#include "service/ops/audit_log.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"
#include "tests/bench/simulated_upstream.h"

namespace credbroker {

// `tenants` tenants t0, t1, … with `accounts` accounts a0, a1, … each.
TenantDirectory SimulatedTenants(int tenants, int accounts);
std::vector<std::string> NamesOf(const TenantDirectory& tenants);

// The broker as it is shipped, over a simulated upstream. Tokens live for an hour.
class SimulatedBroker {
 public:
  SimulatedBroker(int tenants, int accounts);
  ~SimulatedBroker();

  std::string address() const { return server_->address(); }

 private:
  EventLoop loop_;
  const std::shared_ptr<const TenantDirectory> tenants_;
  const Snapshot<AccessRules> access_;
  Metrics metrics_;
  AuditLog audit_{std::nullopt, loop_};
  AuditTrail trail_{audit_};
  CallerQuotas quotas_;
  SimulatedUpstream upstream_;
  SessionManager sessions_;
  std::unique_ptr<GrpcServer> server_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_SIMULATED_BROKER_H_
