#ifndef CREDBROKER_SERVICE_MAIN_BROKER_RELOAD_H_
#define CREDBROKER_SERVICE_MAIN_BROKER_RELOAD_H_

#include <memory>

#include "service/api/tls_bundle.h"
#include "service/callers/authorizer.h"
#include "service/main/config.h"
#include "service/model/tenant.h"

namespace credbroker {

// What holds as long as the process runs.
struct Surroundings {
  bool in_kubernetes_pod = false;
  // The listener has no TLS.
  bool plaintext = true;
};

// What callers may, by `config`, whose tenants are `tenants`.
std::shared_ptr<const AccessRules> RulesOf(const Config& config,
                                           std::shared_ptr<const TenantDirectory> tenants,
                                           const Surroundings& surroundings);

// Logs what an operator should hear of the listener's certificates.
void WarnOfConcerns(const TlsBundle& bundle);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_BROKER_RELOAD_H_
