#include "service/callers/authorizer.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
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

constexpr absl::string_view kAll = "*";

// Why a caller may call an rpc at a tenant.
struct Grant {
  size_t principal;
  // Null: `local` where the tenant does not say whom it lets in; for all its accounts.
  const AllowRule* rule;
};
using Grants = absl::InlinedVector<Grant, 4>;

bool Lists(const std::vector<std::string>& names, absl::string_view name) {
  return std::any_of(names.begin(), names.end(), [name](const std::string& candidate) {
    return candidate == kAll || candidate == name;
  });
}

bool LocalHasDefaults(const AccessPolicy& policy) {
  return policy.plaintext && !policy.in_kubernetes_pod;
}

bool IsOperator(absl::string_view principal, const AccessPolicy& policy) {
  if (!policy.operators.has_value()) {
    return LocalHasDefaults(policy) && principal == kLocalPrincipal;
  }
  return std::any_of(
      policy.operators->begin(), policy.operators->end(),
      [principal](const std::string& pattern) { return PrincipalMatches(pattern, principal); });
}

Grants GrantsOf(const Caller& caller, const AccessRequest& request, const TenantDirectory& tenants,
                bool let_local_in) {
  Grants grants;
  for (size_t i = 0; i < caller.principals.size(); ++i) {
    tenants.ForEachRule(request.tenant, caller.principals[i], [&](const AllowRule& rule) {
      if (Lists(rule.rpcs, RpcName(request.rpc))) grants.push_back({i, &rule});
    });
    if (let_local_in && caller.principals[i] == kLocalPrincipal) grants.push_back({i, nullptr});
  }
  return grants;
}

// The grant that a caller goes by; null if none is for the account. Any does for a caller's own.
const Grant* FindGrant(const Grants& grants, const Access& access) {
  const auto found = std::find_if(grants.begin(), grants.end(), [&access](const Grant& grant) {
    return !access.email.empty() || grant.rule == nullptr ||
           Lists(grant.rule->accounts, access.key.account);
  });
  return found == grants.end() ? nullptr : &*found;
}

absl::StatusOr<Access> DecideByRules(const Caller& caller, const AccessRequest& request,
                                     const TenantDirectory& tenants, const AccessPolicy& policy) {
  std::shared_ptr<const Tenant> tenant = tenants.Find(request.tenant);
  const bool let_local_in =
      LocalHasDefaults(policy) && tenant != nullptr && !tenant->allow.has_value();
  const Grants grants = GrantsOf(caller, request, tenants, let_local_in);
  if (grants.empty()) return NotAllowed();
  absl::StatusOr<Access> access = Resolve(std::move(tenant), request);
  if (!access.ok()) {
    return ReasonOf(access.status()) == Reason::kAccountUnknown ? NotAllowed() : access.status();
  }
  const Grant* const grant = FindGrant(grants, *access);
  if (grant == nullptr) return NotAllowed();
  access->principal = grant->principal;
  return access;
}

absl::StatusOr<Access> DecideForOperator(const AccessRequest& request,
                                         const TenantDirectory& tenants) {
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

}  // namespace

absl::StatusOr<Access> Decide(const Caller& caller, const AccessRequest& request,
                              const TenantDirectory& tenants, const AccessPolicy& policy) {
  if (caller.principals.empty()) {
    return Failure(Reason::kCallerUnidentified, "nothing identifies the caller");
  }
  for (size_t i = 0; i < caller.principals.size(); ++i) {
    if (!IsOperator(caller.principals[i], policy)) continue;
    absl::StatusOr<Access> access = DecideForOperator(request, tenants);
    if (access.ok()) access->principal = i;
    return access;
  }
  if (request.rpc == Rpc::kListSessions || request.release_hold) return NotAllowed();
  return DecideByRules(caller, request, tenants, policy);
}

}  // namespace credbroker
