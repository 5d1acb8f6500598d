#ifndef CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKEN_H_
#define CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/callers/json_web_key_set.h"
#include "service/model/caller.h"

namespace credbroker {

// A Kubernetes ServiceAccount token: a signed JWT (RFC 7519) in its compact form (RFC 7515 section
// 7.1), taken apart and as yet not believed. It refers to the text that it was made from.
struct ServiceAccountToken {
  // Of the header.
  std::string algorithm;
  std::string key_id;
  // What is signed: header and payload as they were sent.
  absl::string_view signing_input;
  absl::string_view payload;
  std::string signature;
};

// Takes a token of at most 8 KiB apart. CALLER_UNIDENTIFIED if it is none, has no `kid`, wants an
// extension to be understood (`crit`) or brings a key of its own along (`jwk`, `jku`, `x5c`,
// `x5u`). No message quotes anything of it. Pure.
absl::StatusOr<ServiceAccountToken> ParseServiceAccountToken(absl::string_view token);

// What a token must say.
struct ExpectedClaims {
  std::string issuer;
  std::string audience;
};

// Whose the token is: "k8s:NAMESPACE/SERVICEACCOUNT". CALLER_UNIDENTIFIED unless its algorithm is
// the key's, the signature is right, `iss` is the issuer, `aud` the audience or a list with it,
// `sub` is "system:serviceaccount:NAMESPACE:SERVICEACCOUNT", and `now` is between `nbf`, if there
// is one, and `exp`, give or take a minute. The caller `expires` at `exp`, or at the end of that
// minute once it has begun. Pure.
absl::StatusOr<Caller> VerifyServiceAccountToken(const ServiceAccountToken& token,
                                                 const JsonWebKey& key,
                                                 const ExpectedClaims& expected, absl::Time now);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKEN_H_
