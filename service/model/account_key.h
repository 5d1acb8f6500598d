#ifndef CREDBROKER_SERVICE_MODEL_ACCOUNT_KEY_H_
#define CREDBROKER_SERVICE_MODEL_ACCOUNT_KEY_H_

#include <string>
#include <utility>

namespace credbroker {

// Names one account of one tenant. `account` is the configured name, or, for a caller's own
// account, its e-mail address in lower case: then it contains '@', which no configured name does.
struct AccountKey {
  std::string tenant;
  std::string account;

  bool is_caller_account() const { return account.find('@') != std::string::npos; }

  friend bool operator==(const AccountKey& a, const AccountKey& b) {
    return a.tenant == b.tenant && a.account == b.account;
  }
  friend bool operator<(const AccountKey& a, const AccountKey& b) {
    return a.tenant != b.tenant ? a.tenant < b.tenant : a.account < b.account;
  }
  template <typename H>
  friend H AbslHashValue(H h, const AccountKey& key) {
    return H::combine(std::move(h), key.tenant, key.account);
  }
};

// What stands for the account in logs, metrics and pages: a configured name as it is, an e-mail
// address as `caller-<8 hex>` of its SHA-256.
std::string DisplayName(const AccountKey& key);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_ACCOUNT_KEY_H_
