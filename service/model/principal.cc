#include "service/model/principal.h"

#include <cstddef>

#include "absl/strings/match.h"

namespace credbroker {

absl::string_view PrincipalFamily(absl::string_view principal) {
  for (absl::string_view scheme : {"spiffe://", "k8s:"}) {
    if (!absl::StartsWith(principal, scheme)) continue;
    const size_t slash = principal.rfind('/');
    // Neither an empty trust domain or namespace nor an empty last segment makes a family.
    if (slash == absl::string_view::npos || slash <= scheme.size() ||
        slash + 1 == principal.size()) {
      return "";
    }
    return principal.substr(0, slash + 1);
  }
  return "";
}

absl::string_view FamilyOfPattern(absl::string_view pattern) {
  return absl::EndsWith(pattern, "/*") ? PrincipalFamily(pattern) : "";
}

bool PrincipalMatches(absl::string_view pattern, absl::string_view principal) {
  if (pattern == principal) return true;
  const absl::string_view family = FamilyOfPattern(pattern);
  return !family.empty() && family == PrincipalFamily(principal);
}

}  // namespace credbroker
