#include "tests/bench/simulated_broker.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

#include "service/base/random.h"

namespace credbroker {
namespace {

// Nothing is refreshed by itself while something else is measured.
SimulatedUpstream::Options LongLived() {
  SimulatedUpstream::Options options;
  options.lifetime = absl::Hours(1);
  return options;
}

}  // namespace

TenantDirectory SimulatedTenants(int tenants, int accounts) {
  std::vector<std::shared_ptr<const Tenant>> all;
  for (int t = 0; t < tenants; ++t) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = absl::StrCat("t", t);
    for (int a = 0; a < accounts; ++a) {
      const std::string name = absl::StrCat("a", a);
      tenant->accounts.push_back(
          {name, absl::StrCat(name, "@", tenant->name, ".example"), "", "/nonexistent"});
    }
    all.push_back(std::move(tenant));
  }
  return TenantDirectory(std::move(all));
}

std::vector<std::string> NamesOf(const TenantDirectory& tenants) {
  std::vector<std::string> names;
  for (const auto& tenant : tenants.tenants()) names.push_back(tenant->name);
  return names;
}

SimulatedBroker::SimulatedBroker(int tenants, int accounts)
    : loop_(SystemClock(), "sessions"),
      tenants_(std::make_shared<const TenantDirectory>(SimulatedTenants(tenants, accounts))),
      access_(std::make_shared<const AccessRules>(AccessRules{tenants_, {}})),
      metrics_(NamesOf(*tenants_)),
      upstream_(loop_, LongLived()),
      sessions_({loop_, upstream_, SystemRandom(), metrics_}, SessionPolicy{}, *tenants_) {
  auto server =
      GrpcServer::Start({}, {sessions_, metrics_, access_, loop_, SystemRandom(), trail_, quotas_});
  if (!server.ok()) {
    fprintf(stderr, "bench: %s\n", server.status().ToString().c_str());
    std::abort();
  }
  server_ = *std::move(server);
}

SimulatedBroker::~SimulatedBroker() {
  server_.reset();
  loop_.Stop();
}

}  // namespace credbroker
