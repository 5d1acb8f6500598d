#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_CALLERS_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_CALLERS_H_

#include <string>

#include "service/main/config.h"
#include "service/main/config_fields.h"
#include "service/model/tenant.h"

namespace credbroker {

// Who the callers are and what they may: the fields `callers` and `operators` of the file's top
// mapping, into `config`. Relative paths are relative to the folder that `file` is in. Files are
// read as far as is needed to know that they will do.
void ReadCallers(FieldReader& root, const std::string& file, Config& config);
void ReadOperators(FieldReader& root, Config& config);

// The field `allow` of a tenant, whose accounts are known already. Notes in `config` what can
// hardly be meant.
void ReadAllow(FieldReader& from, Tenant& tenant, Config& config);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_CALLERS_H_
