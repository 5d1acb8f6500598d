#include "service/model/tenant.h"

#include <utility>

#include "absl/strings/match.h"

#include "service/model/principal.h"

namespace credbroker {

const Account* Tenant::FindAccount(absl::string_view account) const {
  for (const Account& candidate : accounts) {
    if (candidate.name == account) return &candidate;
  }
  return nullptr;
}

const Account* Tenant::FindAccountByEmail(absl::string_view email) const {
  for (const Account& candidate : accounts) {
    if (absl::EqualsIgnoreCase(candidate.email, email)) return &candidate;
  }
  return nullptr;
}

bool IsSameUser(const AccountKey& key, const Tenant& a, const Tenant& b) {
  if (a.base_url != b.base_url) return false;
  // A caller's own account is named by its address.
  if (key.is_caller_account()) return true;
  const Account* const in_a = a.FindAccount(key.account);
  const Account* const in_b = b.FindAccount(key.account);
  return in_a != nullptr && in_b != nullptr && in_a->email == in_b->email;
}

TenantDirectory::TenantDirectory(std::vector<std::shared_ptr<const Tenant>> tenants)
    : tenants_(std::move(tenants)) {
  for (const auto& tenant : tenants_) {
    by_name_.emplace(tenant->name, tenant);
    if (!tenant->allow.has_value()) continue;
    for (const AllowRule& rule : *tenant->allow) {
      const absl::string_view family = FamilyOfPattern(rule.principal);
      const bool is_family = !family.empty();
      rules_[RuleKey(tenant->name, is_family ? family : rule.principal, is_family)].push_back(
          &rule);
    }
  }
}

std::shared_ptr<const Tenant> TenantDirectory::Find(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void TenantDirectory::ForEachRule(absl::string_view tenant, absl::string_view principal,
                                  absl::FunctionRef<void(const AllowRule&)> use) const {
  const absl::string_view family = PrincipalFamily(principal);
  for (const RuleKey& key : {RuleKey(tenant, principal, false), RuleKey(tenant, family, true)}) {
    const auto found = rules_.find(key);
    if (found == rules_.end()) continue;
    for (const AllowRule* rule : found->second) use(*rule);
  }
}

}  // namespace credbroker
