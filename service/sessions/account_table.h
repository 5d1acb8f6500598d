#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_TABLE_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

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

  // Makes a machine for a caller's own account if there is none. OVERLOADED if too many are
  // remembered.
  absl::StatusOr<std::shared_ptr<AccountMachine>> FindOrAdd(const Target& target);

  // See SessionManager: tenant_change.cc.
  void ReplaceTenants(std::shared_ptr<const TenantDirectory> tenants);

  // Where a call waits, so that it can be cancelled by its id alone. Forgotten by `Forget`.
  void Remember(CallId call, std::shared_ptr<AccountMachine> machine);
  void Forget(CallId call) { calls_.erase(call); }
  void Cancel(CallId call);

  std::vector<SessionRow> List(const std::string& tenant, const AccountKey& after,
                               size_t limit) const;
  std::vector<TenantGauges> Measure() const;
  void CheckHeldCredentials();
  void OnCredentialsChanged();
  OutstandingRevocations& outstanding() { return outstanding_; }
  void SetUpstreamRate(std::optional<int> per_caller) { allowance_.SetRate(per_caller); }

 private:
  bool Take() override;
  void GiveBack() override { --sessions_; }
  void Add(UpstreamAccount account, std::shared_ptr<const Credential> credential);
  void AddConfigured();
  std::optional<UpstreamAccount> AsConfigured(const UpstreamAccount& known) const;
  void Retire(const AccountKey& key, const std::shared_ptr<AccountMachine>& machine);
  bool Revive(const UpstreamAccount& account, const std::shared_ptr<const Credential>& credential);
  uint64_t LastGeneration(const AccountKey& key) const;
  void ForgetRetired();
  bool EvictIdleSession();
  void ForgetUnneeded();

  SessionPolicy policy_;
  ExchangeGate gate_;
  OutstandingRevocations outstanding_;
  UpstreamAllowance allowance_;
  AccountWorld world_;
  std::shared_ptr<const TenantDirectory> tenants_;
  // Of accounts that are configured, and callers' own of configured tenants.
  absl::btree_map<AccountKey, std::shared_ptr<AccountMachine>> machines_;
  // What is no more, until it has ended upstream and no hold is left that would be forgotten with
  // it, should it come back.
  absl::btree_multimap<AccountKey, std::shared_ptr<AccountMachine>> retired_;
  // Of configured accounts that were retired and are forgotten: if one comes back, its generations
  // go on.
  absl::flat_hash_map<AccountKey, uint64_t> last_generations_;
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
