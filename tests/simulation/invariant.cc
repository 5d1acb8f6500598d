#include "tests/simulation/invariant.h"

namespace credbroker::simulation {

absl::string_view NameOf(Invariant invariant) {
  constexpr std::array<absl::string_view, kInvariants> kNames = {"expired-token",
                                                                 "waits-beside-token",
                                                                 "one-exchange",
                                                                 "refresh-twice",
                                                                 "dead-refresh-token",
                                                                 "hold",
                                                                 "generation",
                                                                 "answered-once",
                                                                 "logged-out",
                                                                 "revoked",
                                                                 "shared-failure",
                                                                 "limits",
                                                                 "owner",
                                                                 "watch",
                                                                 "status",
                                                                 "kept",
                                                                 "healing"};
  return kNames[static_cast<size_t>(invariant)];
}

}  // namespace credbroker::simulation
