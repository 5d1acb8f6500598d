#include "service/operator/configured_account.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "service/main/config_reader.h"

namespace credbroker {

absl::StatusOr<ConfiguredAccount> FindConfiguredAccount(const AccountChoice& choice) {
  const std::variant<Config, Faults> loaded = LoadConfig(choice.config_file);
  if (const auto* faults = std::get_if<Faults>(&loaded)) {
    const std::string text = DescribeAll(*faults, choice.config_file);
    return absl::InvalidArgumentError(
        absl::StrCat("the configuration has faults:\n", absl::StripSuffix(text, "\n")));
  }
  const std::vector<Tenant>& tenants = std::get<Config>(loaded).tenants;
  const auto tenant = std::find_if(tenants.begin(), tenants.end(), [&](const Tenant& candidate) {
    return candidate.name == choice.tenant;
  });
  if (tenant == tenants.end()) {
    return absl::InvalidArgumentError("the configuration has no tenant of that name");
  }
  const Account* account =
      choice.account.empty() ? &tenant->accounts.front() : tenant->FindAccount(choice.account);
  if (account == nullptr) {
    return absl::InvalidArgumentError("the tenant has no account of that name");
  }
  return ConfiguredAccount{std::make_shared<const Tenant>(*tenant), *account};
}

}  // namespace credbroker
