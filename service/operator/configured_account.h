#ifndef CREDBROKER_SERVICE_OPERATOR_CONFIGURED_ACCOUNT_H_
#define CREDBROKER_SERVICE_OPERATOR_CONFIGURED_ACCOUNT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "service/model/tenant.h"

namespace credbroker {

// Which account of a configuration an operator's command is about.
struct AccountChoice {
  std::string config_file;
  std::string tenant;
  // Empty: the tenant's first.
  std::string account;
};

struct ConfiguredAccount {
  std::shared_ptr<const Tenant> tenant;
  Account account;
};

// Reads the configuration and finds the account. Files with secrets are not read. INVALID_ARGUMENT:
// the configuration has faults (a line each), or no such account. Blocks.
absl::StatusOr<ConfiguredAccount> FindConfiguredAccount(const AccountChoice& choice);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_CONFIGURED_ACCOUNT_H_
