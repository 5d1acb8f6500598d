#include "service/model/tenant.h"

#include <utility>

#include "absl/strings/match.h"

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

TenantDirectory::TenantDirectory(std::vector<std::shared_ptr<const Tenant>> tenants)
    : tenants_(std::move(tenants)) {
  for (const auto& tenant : tenants_) by_name_.emplace(tenant->name, tenant);
}

std::shared_ptr<const Tenant> TenantDirectory::Find(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace credbroker
