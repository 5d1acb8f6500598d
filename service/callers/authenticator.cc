#include "service/callers/authenticator.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"

#include "service/base/status_macros.h"
#include "service/callers/certificate_identity.h"
#include "service/model/failure.h"
#include "service/model/principal.h"

namespace credbroker {
namespace {

constexpr size_t kCertificatesKept = 4096;
constexpr absl::string_view kBearer = "Bearer ";

absl::Status Unidentified(absl::string_view why) {
  return Failure(Reason::kCallerUnidentified, why);
}

bool IsLoopback(absl::string_view peer) {
  // gRPC percent-encodes the brackets of an IPv6 address in some versions.
  return absl::StartsWith(peer, "ipv4:127.") || absl::StartsWith(peer, "ipv6:[::1]:") ||
         absl::StartsWithIgnoreCase(peer, "ipv6:%5B::1%5D:");
}

// Adds whom the token names, if one is shown, to whom the connection does.
absl::Status AddTokenOwner(const CallEvidence& evidence, const BearerTokens* tokens, absl::Time now,
                           Caller& caller) {
  if (tokens == nullptr || evidence.authorization.empty()) return absl::OkStatus();
  if (evidence.authorization.size() > 1) {
    return Unidentified("authorization must be sent once");
  }
  absl::string_view token = evidence.authorization.front();
  // RFC 9110 section 11.1: the scheme's name has no case.
  if (!absl::StartsWithIgnoreCase(token, kBearer)) {
    return Unidentified("authorization must be a bearer token");
  }
  token.remove_prefix(kBearer.size());
  CREDBROKER_ASSIGN_OR_RETURN(const Caller owner, tokens->Verify(token, now));
  caller.principals.insert(caller.principals.end(), owner.principals.begin(),
                           owner.principals.end());
  caller.expires = std::min(caller.expires, owner.expires);
  return absl::OkStatus();
}

}  // namespace

LoopbackAuthenticator::LoopbackAuthenticator(const BearerTokens* tokens)
    : local_{{kLocalPrincipal}, ""}, tokens_(tokens) {}

absl::StatusOr<Caller> LoopbackAuthenticator::Identify(const CallEvidence& evidence,
                                                       absl::Time now) const {
  if (!IsLoopback(evidence.peer)) {
    return Unidentified("without TLS, only callers on this machine are known");
  }
  Caller caller = local_;
  caller.peer = std::string(evidence.peer);
  CREDBROKER_RETURN_IF_ERROR(AddTokenOwner(evidence, tokens_, now, caller));
  return caller;
}

TlsAuthenticator::TlsAuthenticator(const BearerTokens* tokens)
    : tokens_(tokens), certificates_(kCertificatesKept) {}

absl::StatusOr<Caller> TlsAuthenticator::IdentifyByCertificate(absl::string_view leaf,
                                                               absl::Time now) const {
  const EvidenceDigest digest = DigestOf(leaf);
  std::shared_ptr<const Caller> caller = certificates_.Find(digest);
  if (caller == nullptr) {
    CREDBROKER_ASSIGN_OR_RETURN(Caller identified, IdentifyCertificate(leaf));
    caller = std::make_shared<const Caller>(std::move(identified));
    certificates_.Add(digest, caller);
  }
  // TLS looked when the connection was made, which may be long ago.
  if (now >= caller->expires) return Unidentified("the client certificate has expired");
  return *caller;
}

absl::StatusOr<Caller> TlsAuthenticator::Identify(const CallEvidence& evidence,
                                                  absl::Time now) const {
  Caller caller;
  if (!evidence.certificate.empty()) {
    CREDBROKER_ASSIGN_OR_RETURN(caller, IdentifyByCertificate(evidence.certificate, now));
  }
  CREDBROKER_RETURN_IF_ERROR(AddTokenOwner(evidence, tokens_, now, caller));
  if (caller.principals.empty()) {
    return Unidentified("neither a client certificate nor a token that counts was shown");
  }
  caller.peer = std::string(evidence.peer);
  return caller;
}

}  // namespace credbroker
