#ifndef CREDBROKER_SERVICE_MODEL_TENANT_H_
#define CREDBROKER_SERVICE_MODEL_TENANT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/model/account_key.h"
#include "service/model/mechanism.h"

namespace credbroker {

// One configured account of a tenant.
struct Account {
  std::string name;
  std::string email;
  // The `Platform` header; empty: none.
  std::string platform;
  // Where the password is, or the keys made from it; read when they are needed. Exactly one is not
  // empty.
  std::string password_file;
  std::string scram_keys_file = {};

  friend bool operator==(const Account&, const Account&) = default;
};

// Whom a tenant lets in, to what.
struct AllowRule {
  // As the contract writes them; the last path segment may be "*", which stands for exactly one.
  std::string principal;
  // Names of accounts and rpcs; "*" alone stands for all, of the accounts for the configured ones.
  std::vector<std::string> accounts;
  std::vector<std::string> rpcs;

  friend bool operator==(const AllowRule&, const AllowRule&) = default;
};

// One customer of the upstream, as configured. Immutable once it is shared.
struct Tenant {
  std::string name;
  // Without a slash at the end, e.g. "https://acme.polario.de/api".
  std::string base_url;
  // PEM bundle to trust instead of the system's roots; empty: those.
  std::string ca_file;
  // Proxy URL; empty: none.
  std::string proxy;
  Mechanism mechanism = Mechanism::kScramSha1;
  uint32_t max_iterations = 1'000'000;
  // The response header that brings the JWT and the request header that takes it.
  std::string session_header = "Session";
  // The accounts' default, and that of callers' own accounts.
  std::string platform;
  absl::Duration default_lifetime = absl::Minutes(5);
  absl::Duration request_timeout = absl::Seconds(10);
  bool caller_passwords = false;
  // One at least.
  std::vector<Account> accounts;
  // Absent: the configuration does not say, which is not the same as nobody.
  std::optional<std::vector<AllowRule>> allow;

  friend bool operator==(const Tenant&, const Tenant&) = default;

  // The account of that name, or with that e-mail address (without regard to ASCII case); null if
  // there is none.
  const Account* FindAccount(absl::string_view account) const;
  const Account* FindAccountByEmail(absl::string_view email) const;
};

// Whether the account is the same user of the same upstream in both: a session of one is then a
// session of the other. All else that a tenant says is about how to talk to upstream.
bool IsSameUser(const AccountKey& key, const Tenant& a, const Tenant& b);

// All tenants by name. Immutable, so safe to share between threads.
class TenantDirectory {
 public:
  explicit TenantDirectory(std::vector<std::shared_ptr<const Tenant>> tenants);

  // Null if there is none.
  std::shared_ptr<const Tenant> Find(absl::string_view name) const;

  // Calls `use` with each of the tenant's rules that stand for the principal (see principal.h).
  // Costs the same whether there is no such tenant or no such rule.
  void ForEachRule(absl::string_view tenant, absl::string_view principal,
                   absl::FunctionRef<void(const AllowRule&)> use) const;

  const std::vector<std::shared_ptr<const Tenant>>& tenants() const { return tenants_; }

 private:
  // A tenant's name, and a principal or a family, which one the last says. All views are of the
  // tenants' own strings.
  using RuleKey = std::tuple<absl::string_view, absl::string_view, bool>;

  std::vector<std::shared_ptr<const Tenant>> tenants_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Tenant>> by_name_;
  absl::flat_hash_map<RuleKey, std::vector<const AllowRule*>> rules_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_TENANT_H_
