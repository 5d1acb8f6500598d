#include "service/callers/authenticator.h"

#include <string>

#include "absl/strings/match.h"

#include "service/callers/authorizer.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

bool IsLoopback(absl::string_view peer) {
  // gRPC percent-encodes the brackets of an IPv6 address in some versions.
  return absl::StartsWith(peer, "ipv4:127.") || absl::StartsWith(peer, "ipv6:[::1]:") ||
         absl::StartsWithIgnoreCase(peer, "ipv6:%5B::1%5D:");
}

}  // namespace

LoopbackAuthenticator::LoopbackAuthenticator(bool only_local)
    : only_local_(only_local), local_{{kLocalPrincipal}, ""} {}

absl::StatusOr<Caller> LoopbackAuthenticator::Identify(const CallEvidence& evidence) const {
  if (!IsLoopback(evidence.peer)) {
    return Failure(Reason::kCallerUnidentified,
                   "without TLS, only callers on this machine are known");
  }
  return Caller{{kLocalPrincipal}, std::string(evidence.peer)};
}

}  // namespace credbroker
