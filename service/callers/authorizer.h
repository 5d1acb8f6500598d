#ifndef CREDBROKER_SERVICE_CALLERS_AUTHORIZER_H_
#define CREDBROKER_SERVICE_CALLERS_AUTHORIZER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/model/account_key.h"
#include "service/model/caller.h"
#include "service/model/principal.h"
#include "service/model/tenant.h"

namespace credbroker {

// The rpcs of credbroker.v1.CredentialBroker.
enum class Rpc { kGetToken, kLogin, kRefresh, kWatchToken, kLogout, kListSessions };

// The method's name in the proto, e.g. "GetToken".
absl::string_view RpcName(Rpc rpc);

// What holds for all tenants.
struct AccessPolicy {
  // The process runs in a Kubernetes pod (KUBERNETES_SERVICE_HOST is set). There a mesh sidecar
  // makes every peer look local, so `local` has only what names it.
  bool in_kubernetes_pod = false;
  // The listener has no TLS. Only there, and outside a pod, has `local` what nothing withholds: the
  // tenants without a word on whom they let in, and to be an operator if none is named.
  bool plaintext = true;
  // Written as in rules. Absent: the configuration does not say, which is not the same as nobody.
  std::optional<std::vector<std::string>> operators = std::nullopt;
};

// What Decide goes by. Replaced whole when the configuration changes.
struct AccessRules {
  std::shared_ptr<const TenantDirectory> tenants;
  AccessPolicy policy;
};

// What a call asks for, in the caller's own words, which may be anything.
struct AccessRequest {
  Rpc rpc = Rpc::kGetToken;
  // Empty: for ListSessions, all tenants.
  absl::string_view tenant;
  // Empty: the tenant's first account. ListSessions has none.
  absl::string_view account;
  // Login only.
  bool has_password = false;
  bool release_hold = false;
};

// What a call is about, found in the configuration.
struct Access {
  // Null for all tenants.
  std::shared_ptr<const Tenant> tenant;
  AccountKey key;
  // For a caller's own account: its e-mail address as sent. Else empty.
  std::string email;
  bool is_operator = false;
  // Which of the caller's principals may: its index. What is logged in belongs to that one.
  size_t principal = 0;
};

// Whether `caller` may, and what the names mean. Denies by default. A failure is
// CALLER_UNIDENTIFIED, CALLER_NOT_ALLOWED (the same words whether the tenant exists or not),
// TENANT_UNKNOWN or ACCOUNT_UNKNOWN (operators only), or INVALID_FIELD; its message holds nothing
// that was sent.
//
// An account with '@' is an e-mail address, as the tenant's `caller_passwords` allows. Rules speak
// of configured accounts; a caller's own account is open to whom any rule of the tenant lets call
// the rpc at all, and then the sessions say whose it is: they know who logged it in.
//
// Pure: the answer depends on the arguments alone. Whoever has no rule for the rpc causes the same
// steps whether the tenant exists or not (faults.md row 36).
absl::StatusOr<Access> Decide(const Caller& caller, const AccessRequest& request,
                              const TenantDirectory& tenants, const AccessPolicy& policy);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_AUTHORIZER_H_
