#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_CHANGE_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_CHANGE_H_

#include <memory>
#include <string>
#include <vector>

#include "service/main/config.h"
#include "service/model/tenant.h"

namespace credbroker {

// Of a configuration that is to replace the one that the service was started with: the fields, e.g.
// "server.listen", that keep their value until it is started again. Pure.
std::vector<std::string> FieldsThatNeedARestart(const Config& started, const Config& next);

// The tenants of a configuration. Those that are as they were are the same objects as in `before`,
// so that what has not changed can be told at a glance. Pure.
std::shared_ptr<const TenantDirectory> DirectoryOf(const std::vector<Tenant>& tenants,
                                                   const TenantDirectory& before);

std::vector<std::string> NamesOf(const std::vector<Tenant>& tenants);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_CHANGE_H_
