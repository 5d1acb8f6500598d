#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_TENANTS_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_TENANTS_H_

#include <string>

#include "service/main/config.h"
#include "service/main/config_fields.h"

namespace credbroker {

// Reads `tenants` of the file's top mapping into `config`. Relative paths are relative to the
// folder that `file` is in. With faults, `config` may hold tenants in part.
void ReadTenants(FieldReader& root, const std::string& file, Config& config);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_TENANTS_H_
