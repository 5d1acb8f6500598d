#include "service/main/config_change.h"

#include <utility>

namespace credbroker {

std::vector<std::string> FieldsThatNeedARestart(const Config& started, const Config& next) {
  std::vector<std::string> fields;
  const auto note = [&fields](bool changed, const char* field) {
    if (changed) fields.emplace_back(field);
  };
  const ServerConfig& before = started.server;
  const ServerConfig& after = next.server;
  note(!(before.listen == after.listen), "server.listen");
  // Other files are taken up as they come.
  note(before.tls.has_value() != after.tls.has_value(), "server.tls");
  note(before.reflection != after.reflection, "server.reflection");
  note(before.max_connection_age != after.max_connection_age, "server.max_connection_age");
  const auto has_client_ca = [](const ServerConfig& server) {
    return server.tls.has_value() && !server.tls->client_ca_file.empty();
  };
  // Whether callers are asked for a certificate is settled when the listener starts.
  note(before.tls.has_value() && after.tls.has_value() &&
           has_client_ca(before) != has_client_ca(after),
       "server.tls.client_ca_file");
  note(!(started.admin == next.admin), "admin");
  note(!(started.kubernetes == next.kubernetes), "callers.kubernetes");
  note(!(started.sessions == next.sessions), "sessions");
  note(!(started.connection_limits == next.connection_limits) ||
           !(started.caller_limits == next.caller_limits),
       "limits");
  note(!(started.audit == next.audit), "audit");
  return fields;
}

std::shared_ptr<const TenantDirectory> DirectoryOf(const std::vector<Tenant>& tenants,
                                                   const TenantDirectory& before) {
  std::vector<std::shared_ptr<const Tenant>> shared;
  shared.reserve(tenants.size());
  for (const Tenant& tenant : tenants) {
    std::shared_ptr<const Tenant> known = before.Find(tenant.name);
    const bool same = known != nullptr && *known == tenant;
    shared.push_back(same ? std::move(known) : std::make_shared<const Tenant>(tenant));
  }
  return std::make_shared<const TenantDirectory>(std::move(shared));
}

std::vector<std::string> NamesOf(const std::vector<Tenant>& tenants) {
  std::vector<std::string> names;
  names.reserve(tenants.size());
  for (const Tenant& tenant : tenants) names.push_back(tenant.name);
  return names;
}

}  // namespace credbroker
