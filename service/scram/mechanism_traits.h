#ifndef CREDBROKER_SERVICE_SCRAM_MECHANISM_TRAITS_H_
#define CREDBROKER_SERVICE_SCRAM_MECHANISM_TRAITS_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

#include "service/model/mechanism.h"

namespace credbroker {

// The name that is registered for it, e.g. "SCRAM-SHA-256".
absl::string_view MechanismName(Mechanism mechanism);

// The mechanism of that name, in exactly this spelling; nothing if there is none.
std::optional<Mechanism> ParseMechanism(absl::string_view name);

// The size of the mechanism's hash, and so of all its keys, proofs and signatures, in bytes: 20, 32
// or 64.
size_t HashSize(Mechanism mechanism);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SCRAM_MECHANISM_TRAITS_H_
