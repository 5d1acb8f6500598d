#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_

#include "absl/strings/string_view.h"

#include "service/main/config_fields.h"

namespace credbroker {

// Settings of the contract that this version knows but cannot do. Ignoring one would be worse than
// not starting: somebody may rely on it.

// Which of the settings that can be read do what they say.
struct Supported {
  bool tls = false;
  bool kubernetes = false;
  // `allow` and `operators`.
  bool policy = false;
  bool connection_limits = false;
  bool caller_limits = false;
  bool audit = false;
  bool scram_keys = false;
};

// If the mapping has the field `name`: records that it is not supported yet.
void RefuseUnsupported(FieldReader& mapping, absl::string_view name);

// The same for "etcd" or "sqlite", and records what is wrong with its names and types.
void RefuseStore(FieldReader& mapping, absl::string_view name);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_UNSUPPORTED_H_
