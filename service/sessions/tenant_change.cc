// What the table of accounts does when the configured tenants change.

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/sessions/account_table.h"
#include "service/sessions/refusal.h"
#include "service/upstream/file_credential.h"

namespace credbroker {
namespace {

bool HaveSameCredential(const Account& a, const Account& b) {
  return a.password_file == b.password_file && a.scram_keys_file == b.scram_keys_file;
}

bool AreSameUser(const UpstreamAccount& a, const UpstreamAccount& b) {
  return a.key == b.key && IsSameUser(a.key, *a.tenant, *b.tenant);
}

}  // namespace

// The account that is known so far, as the configuration has it now; nothing if it has it no more.
std::optional<UpstreamAccount> AccountTable::AsConfigured(const UpstreamAccount& known) const {
  std::shared_ptr<const Tenant> tenant = tenants_->Find(known.key.tenant);
  if (tenant == nullptr) return std::nullopt;
  if (known.key.is_caller_account()) {
    if (!tenant->caller_passwords) return std::nullopt;
    // The address means that account from now on.
    if (tenant->FindAccountByEmail(known.key.account) != nullptr) return std::nullopt;
    std::string platform = tenant->platform;
    return UpstreamAccount{std::move(tenant), known.key, known.email, std::move(platform)};
  }
  const Account* account = tenant->FindAccount(known.key.account);
  if (account == nullptr) return std::nullopt;
  UpstreamAccount now{nullptr, known.key, account->email, account->platform};
  now.tenant = std::move(tenant);
  return now;
}

void AccountTable::ReplaceTenants(std::shared_ptr<const TenantDirectory> tenants) {
  tenants_ = std::move(tenants);
  ForgetRetired();
  const std::vector<std::pair<AccountKey, std::shared_ptr<AccountMachine>>> known(machines_.begin(),
                                                                                  machines_.end());
  for (const auto& [key, machine] : known) {
    const UpstreamAccount& before = machine->account();
    if (tenants_->Find(key.tenant) == before.tenant) continue;
    std::optional<UpstreamAccount> now = AsConfigured(before);
    if (!now.has_value() || !AreSameUser(before, *now)) {
      Retire(key, machine);
      continue;
    }
    std::shared_ptr<const Credential> credential;
    if (!key.is_caller_account()) {
      const Account& account = *now->tenant->FindAccount(key.account);
      if (!HaveSameCredential(*before.tenant->FindAccount(key.account), account)) {
        credential = ConfiguredCredential(account);
      }
    }
    machine->Reconfigure(*std::move(now), std::move(credential));
  }
  AddConfigured();
}

void AccountTable::OnCredentialsChanged() {
  CheckHeldCredentials();
  for (const auto& [key, machine] : machines_) machine->RetryCredential();
}

// How its watches end depends on whether it is worth asking again.
void AccountTable::Retire(const AccountKey& key, const std::shared_ptr<AccountMachine>& machine) {
  machines_.erase(key);
  if (key.is_caller_account()) --caller_accounts_;
  retired_.emplace(key, machine);
  WatchEnd end;
  const std::shared_ptr<const Tenant> tenant = tenants_->Find(key.tenant);
  if (tenant == nullptr) {
    end.revoked = RevokedReason::kTenantRemoved;
  } else if (key.is_caller_account()) {
    end.revoked = RevokedReason::kLoggedOut;
  } else if (tenant->FindAccount(key.account) == nullptr) {
    end.revoked = RevokedReason::kTenantRemoved;
  } else {
    end.status = ConfigurationChanged();
  }
  Log(LogLevel::kInfo, "account_retired",
      {{"tenant", key.tenant},
       {"account", DisplayName(key)},
       {"why", end.revoked.has_value() ? "removed" : "another e-mail address or base_url"}});
  machine->Retire(end);
}

// Brings back what was retired and has not been forgotten: an exchange of it may still be running,
// and a hold must not be got rid of by removing the account for a moment.
bool AccountTable::Revive(const UpstreamAccount& account,
                          const std::shared_ptr<const Credential>& credential) {
  const auto [first, last] = retired_.equal_range(account.key);
  const auto found = std::find_if(first, last, [&](const auto& entry) {
    return AreSameUser(entry.second->account(), account);
  });
  if (found == last) return false;
  const std::shared_ptr<AccountMachine> machine = found->second;
  if (machine->generation() != LastGeneration(account.key)) return false;
  retired_.erase(found);
  machine->Reconfigure(account, credential);
  machines_.emplace(account.key, machine);
  return true;
}

// Makes a machine for each account that has none.
void AccountTable::AddConfigured() {
  for (const auto& tenant : tenants_->tenants()) {
    for (const Account& account : tenant->accounts) {
      const UpstreamAccount now{
          tenant, {tenant->name, account.name}, account.email, account.platform};
      if (machines_.contains(now.key)) continue;
      const std::shared_ptr<const Credential> credential = ConfiguredCredential(account);
      if (!Revive(now, credential)) Add(now, credential);
    }
  }
}

uint64_t AccountTable::LastGeneration(const AccountKey& key) const {
  uint64_t last = 0;
  if (const auto found = last_generations_.find(key); found != last_generations_.end()) {
    last = found->second;
  }
  const auto [first, end] = retired_.equal_range(key);
  for (auto retired = first; retired != end; ++retired) {
    last = std::max(last, retired->second->generation());
  }
  return last;
}

void AccountTable::ForgetRetired() {
  for (auto place = retired_.begin(); place != retired_.end();) {
    const auto& [key, machine] = *place;
    if (!machine->IsForgettable()) {
      ++place;
      continue;
    }
    // Nothing bounds the number of callers' own accounts.
    if (!key.is_caller_account()) {
      uint64_t& last = last_generations_[key];
      last = std::max(last, machine->generation());
    }
    place = retired_.erase(place);
  }
}

}  // namespace credbroker
