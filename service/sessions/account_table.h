#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_TABLE_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_TABLE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

#include "service/sessions/account_machine.h"
#include "service/sessions/outstanding_revocations.h"

namespace credbroker {

// All accounts' machines, and how many sessions they may have together. Lives on the loop.
class AccountTable : private Capacity {
 public:
  AccountTable(const SessionManager::Parts& parts, const SessionPolicy& policy, SessionCache& cache,
               const TenantDirectory& tenants);
  ~AccountTable() override;

  // Null for a caller's own account that is not known (any more).
  std::shared_ptr<AccountMachine> Find(const AccountKey& key) const;

  // Makes a machine for a caller's own account if there is none. Null if too many are remembered.
  std::shared_ptr<AccountMachine> FindOrAdd(const Target& target);

  // Where a call waits, so that it can be cancelled by its id alone. Forgotten by `Forget`.
  void Remember(CallId call, std::shared_ptr<AccountMachine> machine);
  void Forget(CallId call) { calls_.erase(call); }
  void Cancel(CallId call);

  std::vector<SessionRow> List(const std::string& tenant, const AccountKey& after,
                               size_t limit) const;
  std::vector<TenantGauges> Measure() const;
  void CheckHeldCredentials();
  OutstandingRevocations& outstanding() { return outstanding_; }
  void SetUpstreamRate(std::optional<int> per_caller) { allowance_.SetRate(per_caller); }

 private:
  bool Take() override;
  void GiveBack() override { --sessions_; }
  void Add(UpstreamAccount account, std::shared_ptr<const Credential> credential);
  bool EvictIdleSession();
  void ForgetUnneeded();

  SessionPolicy policy_;
  ExchangeGate gate_;
  OutstandingRevocations outstanding_;
  UpstreamAllowance allowance_;
  AccountWorld world_;
  const TenantDirectory tenants_;
  absl::btree_map<AccountKey, std::shared_ptr<AccountMachine>> machines_;
  absl::flat_hash_map<CallId, std::shared_ptr<AccountMachine>> calls_;
  size_t sessions_ = 0;
  size_t caller_accounts_ = 0;
  AccountKey last_evicted_;
  // Before this, looking for an idle session would find none.
  Instant next_eviction_ = Instant::InfinitePast();
  Instant next_cleaning_ = Instant::InfinitePast();
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_ACCOUNT_TABLE_H_
