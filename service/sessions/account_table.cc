#include "service/sessions/account_table.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "service/base/log.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

// Looking through all sessions for idle ones is not done more often than this.
constexpr absl::Duration kScanPause = absl::Seconds(1);
constexpr size_t kFingerprintKeySize = 32;

}  // namespace

AccountTable::AccountTable(const SessionManager::Parts& parts, const SessionPolicy& policy,
                           SessionCache& cache, const TenantDirectory& tenants)
    : policy_(policy),
      gate_(policy.upstream_concurrency, policy.refresh_concurrency),
      outstanding_(parts.loop, parts.metrics),
      world_{parts.loop,
             parts.upstream,
             parts.random,
             parts.metrics,
             parts.audit,
             policy_,
             cache,
             gate_,
             outstanding_,
             *this,
             allowance_,
             parts.random.Bytes(kFingerprintKeySize),
             {}},
      tenants_(std::make_shared<const TenantDirectory>(tenants)) {
  AddConfigured();
}

AccountTable::~AccountTable() {
  for (auto& [key, machine] : machines_) machine->Abandon();
  for (auto& [key, machine] : retired_) machine->Abandon();
}

void AccountTable::Add(UpstreamAccount account, std::shared_ptr<const Credential> credential) {
  const AccountKey key = account.key;
  machines_.emplace(
      key, std::make_shared<AccountMachine>(world_, std::move(account), std::move(credential),
                                            LastGeneration(key)));
}

std::shared_ptr<AccountMachine> AccountTable::Find(const AccountKey& key) const {
  const auto found = machines_.find(key);
  return found == machines_.end() ? nullptr : found->second;
}

absl::StatusOr<std::shared_ptr<AccountMachine>> AccountTable::FindOrAdd(const Target& target) {
  if (auto found = Find(target.key); found != nullptr) return found;
  // The call may have been let in under a configuration that is replaced by now.
  std::optional<UpstreamAccount> account =
      AsConfigured({target.tenant, target.key, target.email, target.tenant->platform});
  if (!account.has_value()) return ConfigurationChanged();
  // Rejected ones are remembered too, for their holds; so they need a limit of their own.
  if (caller_accounts_ >= 2 * policy_.max_sessions) ForgetUnneeded();
  if (caller_accounts_ >= 2 * policy_.max_sessions) return TooManyAccounts();
  ++caller_accounts_;
  if (!Revive(*account, nullptr)) Add(*std::move(account), nullptr);
  return Find(target.key);
}

void AccountTable::ForgetUnneeded() {
  if (world_.loop.Now() < next_cleaning_) return;
  next_cleaning_ = world_.loop.Now() + kScanPause;
  for (auto place = machines_.begin(); place != machines_.end();) {
    if (place->first.is_caller_account() && place->second->IsForgettable()) {
      place = machines_.erase(place);
      --caller_accounts_;
    } else {
      ++place;
    }
  }
}

void AccountTable::Remember(CallId call, std::shared_ptr<AccountMachine> machine) {
  calls_.emplace(call, std::move(machine));
}

void AccountTable::Cancel(CallId call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  // Held, since the end of the call makes the table forget it.
  const std::shared_ptr<AccountMachine> machine = found->second;
  machine->Cancel(call);
}

bool AccountTable::Take() {
  if (sessions_ >= policy_.max_sessions && !EvictIdleSession()) return false;
  ++sessions_;
  return true;
}

bool AccountTable::EvictIdleSession() {
  const Instant now = world_.loop.Now();
  if (now < next_eviction_) return false;
  const auto evictable = [](const auto& entry) {
    return entry.first.is_caller_account() && entry.second->IsEvictable();
  };
  // Goes on behind the last one, since those before it were looked at lately.
  const auto start = machines_.upper_bound(last_evicted_);
  auto found = std::find_if(start, machines_.end(), evictable);
  if (found == machines_.end()) {
    found = std::find_if(machines_.begin(), start, evictable);
    if (found == start) {
      next_eviction_ = now + kScanPause;
      return false;
    }
  }
  last_evicted_ = found->first;
  Log(LogLevel::kInfo, "session_evicted",
      {{"tenant", last_evicted_.tenant}, {"account", DisplayName(last_evicted_)}});
  found->second->Evict();
  return true;
}

std::vector<SessionRow> AccountTable::List(const std::string& tenant, const AccountKey& after,
                                           size_t limit) const {
  std::vector<SessionRow> rows;
  const AccountKey from = after < AccountKey{tenant, ""} ? AccountKey{tenant, ""} : after;
  for (auto place = machines_.upper_bound(from); place != machines_.end() && rows.size() < limit;
       ++place) {
    if (!tenant.empty() && place->first.tenant != tenant) break;
    rows.push_back(place->second->Row());
  }
  return rows;
}

std::vector<TenantGauges> AccountTable::Measure() const {
  constexpr SessionState kStates[] = {SessionState::kAbsent,     SessionState::kLoggingIn,
                                      SessionState::kLive,       SessionState::kRenewing,
                                      SessionState::kBackingOff, SessionState::kHeldBack};
  std::vector<TenantGauges> all;
  absl::flat_hash_map<std::string, size_t> index;
  for (const auto& tenant : tenants_->tenants()) {
    TenantGauges gauges;
    gauges.tenant = tenant->name;
    for (const SessionState state : kStates) {
      gauges.sessions.emplace_back(std::string(StateName(state)), 0);
    }
    index.emplace(tenant->name, all.size());
    all.push_back(std::move(gauges));
  }
  const Instant now = world_.loop.Now();
  for (const auto& [key, machine] : machines_) {
    TenantGauges& gauges = all[index.at(key.tenant)];
    ++gauges.sessions[static_cast<size_t>(machine->State())].second;
    if (machine->is_held_back()) ++gauges.held_back;
    if (machine->session() == nullptr || machine->IsIdle()) continue;
    const absl::Duration remaining =
        std::max(machine->session()->expires - now, absl::ZeroDuration());
    gauges.remaining_min = std::min(gauges.remaining_min.value_or(remaining), remaining);
  }
  return all;
}

void AccountTable::CheckHeldCredentials() {
  ForgetRetired();
  const std::vector<AccountKey> held(world_.held.begin(), world_.held.end());
  for (const AccountKey& key : held) {
    if (const auto machine = Find(key); machine != nullptr) {
      machine->CheckHeldCredential();
    } else {
      world_.held.erase(key);
    }
  }
}

}  // namespace credbroker
