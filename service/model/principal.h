#ifndef CREDBROKER_SERVICE_MODEL_PRINCIPAL_H_
#define CREDBROKER_SERVICE_MODEL_PRINCIPAL_H_

#include "absl/strings/string_view.h"

namespace credbroker {

// The principal of whoever calls over plaintext on loopback.
inline constexpr char kLocalPrincipal[] = "local";

// A principal's text before the last segment of its path, with the slash: of
// "spiffe://cluster.local/ns/a/sa/b" that is "spiffe://cluster.local/ns/a/sa/", of "k8s:a/b" it is
// "k8s:a/". Empty if there is no path: other kinds of principal have none, whatever they contain.
absl::string_view PrincipalFamily(absl::string_view principal);

// If `pattern` ends in "*" for the last segment of a path: the family that it stands for. Else
// empty.
absl::string_view FamilyOfPattern(absl::string_view pattern);

// Whether `pattern`, as a rule has it, stands for `principal`: the same text, or its family's.
bool PrincipalMatches(absl::string_view pattern, absl::string_view principal);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_PRINCIPAL_H_
