#ifndef CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKENS_H_
#define CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKENS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/callers/authenticator.h"
#include "service/callers/bounded_cache.h"
#include "service/callers/key_source.h"
#include "service/callers/service_account_token.h"

namespace credbroker {

// Kubernetes ServiceAccount tokens, checked with an issuer's keys. What was found genuine is
// remembered until it expires or the issuer's keys change, by its digest alone.
class ServiceAccountTokens : public BearerTokens {
 public:
  ServiceAccountTokens(ExpectedClaims expected, std::shared_ptr<KeySource> source);

  // A token whose key is not known is refused, and the issuer asked for its keys meanwhile.
  absl::StatusOr<Caller> Verify(absl::string_view token, absl::Time now) const override;

 private:
  struct Verified {
    Caller caller;
    // By which it was.
    std::shared_ptr<const JsonWebKeySet> keys;
  };

  const ExpectedClaims expected_;
  const std::shared_ptr<KeySource> source_;
  mutable BoundedCache<Verified> verified_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_SERVICE_ACCOUNT_TOKENS_H_
