#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_PRINCIPAL_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_PRINCIPAL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace credbroker {

// Why `text` is nothing that a rule can be written for, in words; nothing if it is one of
//
//   spiffe://TRUST-DOMAIN/PATH        (SPIFFE-ID section 2: what a certificate can hold)
//   k8s:NAMESPACE/SERVICEACCOUNT      (Kubernetes' rules for these names)
//   dns:NAME  email:ADDRESS  cn:NAME  local
//
// where the last segment of a path may be "*", which stands for exactly one segment. A rule that no
// caller can ever match would only look as if it let somebody in. Pure.
std::optional<std::string> WhyNotPrincipal(absl::string_view text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_PRINCIPAL_H_
