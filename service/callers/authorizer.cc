#include "service/callers/authorizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

absl::Status NotAllowed() {
  return Failure(Reason::kCallerNotAllowed,
                 "the caller may not do this; allow its principal in the configuration");
}

absl::Status TenantUnknown() {
  return Failure(Reason::kTenantUnknown, "the configuration has no such tenant");
}

absl::Status Invalid(absl::string_view message) { return Failure(Reason::kInvalidField, message); }

Access Configured(std::shared_ptr<const Tenant> tenant, const Account& account) {
  AccountKey key{tenant->name, account.name};
  return Access{std::move(tenant), std::move(key), "", /*is_operator=*/false};
}

absl::StatusOr<Access> ResolveEmail(std::shared_ptr<const Tenant> tenant,
                                    const AccessRequest& request) {
  if (!tenant->caller_passwords) {
    return Invalid("account: an e-mail address is only for tenants with caller_passwords");
  }
  if (!IsEmailAddress(request.account)) return Invalid("account: not an e-mail address");
  if (const Account* account = tenant->FindAccountByEmail(request.account); account != nullptr) {
    if (request.has_password) {
      return Invalid("password: not accepted for an account that the configuration names");
    }
    return Configured(std::move(tenant), *account);
  }
  AccountKey key{tenant->name, absl::AsciiStrToLower(request.account)};
  return Access{std::move(tenant), std::move(key), std::string(request.account),
                /*is_operator=*/false};
}

absl::StatusOr<Access> Resolve(std::shared_ptr<const Tenant> tenant, const AccessRequest& request) {
  if (request.has_password && !tenant->caller_passwords) {
    return Failure(Reason::kCallerNotAllowed, "the tenant does not take callers' passwords");
  }
  if (absl::StrContains(request.account, '@')) return ResolveEmail(std::move(tenant), request);
  if (request.has_password) {
    return Invalid("account: with a password it must be an e-mail address");
  }
  const Account* account =
      request.account.empty() ? &tenant->accounts.front() : tenant->FindAccount(request.account);
  if (account == nullptr) {
    return Failure(Reason::kAccountUnknown, "the tenant has no such account");
  }
  return Configured(std::move(tenant), *account);
}

}  // namespace

absl::string_view RpcName(Rpc rpc) {
  switch (rpc) {
    case Rpc::kGetToken:
      return "GetToken";
    case Rpc::kLogin:
      return "Login";
    case Rpc::kRefresh:
      return "Refresh";
    case Rpc::kWatchToken:
      return "WatchToken";
    case Rpc::kLogout:
      return "Logout";
    case Rpc::kListSessions:
      return "ListSessions";
  }
  return "";
}

namespace {

bool IsOperator(const Caller& caller, const AccessPolicy& policy) {
  return !policy.in_kubernetes_pod && std::find(caller.principals.begin(), caller.principals.end(),
                                                kLocalPrincipal) != caller.principals.end();
}

}  // namespace

absl::StatusOr<Access> Decide(const Caller& caller, const AccessRequest& request,
                              const TenantDirectory& tenants, const AccessPolicy& policy) {
  if (caller.principals.empty()) {
    return Failure(Reason::kCallerUnidentified, "nothing identifies the caller");
  }
  // Only operators have any right yet; so the rpc and `release_hold` make no difference among them.
  if (!IsOperator(caller, policy)) return NotAllowed();
  Access access;
  if (request.rpc != Rpc::kListSessions || !request.tenant.empty()) {
    std::shared_ptr<const Tenant> tenant = tenants.Find(request.tenant);
    if (tenant == nullptr) return TenantUnknown();
    access.tenant = tenant;
    if (request.rpc != Rpc::kListSessions) {
      CREDBROKER_ASSIGN_OR_RETURN(access, Resolve(std::move(tenant), request));
    }
  }
  access.is_operator = true;
  return access;
}

}  // namespace credbroker
