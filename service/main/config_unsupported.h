#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_

#include <string>

#include "absl/strings/string_view.h"

#include "service/main/config_fault.h"
#include "service/main/config_fields.h"

namespace credbroker {

// Settings of the contract that this version knows but cannot do. Ignoring one would be worse than
// not starting: somebody may rely on it.

// If the mapping has the field `name`, one of "allow", "audit", "callers", "etcd", "limits",
// "operators", "scram_keys_file", "sqlite" and "tls": records that it is not supported yet, and
// what is wrong with its names and types.
void RefuseUnsupported(FieldReader& mapping, absl::string_view name, Faults& faults);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_
