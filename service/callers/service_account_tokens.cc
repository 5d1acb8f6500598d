#include "service/callers/service_account_tokens.h"

#include <utility>

#include "service/base/status_macros.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kTokensKept = 4096;

}  // namespace

ServiceAccountTokens::ServiceAccountTokens(ExpectedClaims expected,
                                           std::shared_ptr<KeySource> source)
    : expected_(std::move(expected)), source_(std::move(source)), verified_(kTokensKept) {}

absl::StatusOr<Caller> ServiceAccountTokens::Verify(absl::string_view token, absl::Time now) const {
  const EvidenceDigest digest = DigestOf(token);
  std::shared_ptr<const JsonWebKeySet> keys = source_->keys();
  const std::shared_ptr<const Verified> known = verified_.Find(digest);
  if (known != nullptr && known->keys == keys && now < known->caller.expires) return known->caller;
  CREDBROKER_ASSIGN_OR_RETURN(const ServiceAccountToken parsed, ParseServiceAccountToken(token));
  const JsonWebKey* const key = keys == nullptr ? nullptr : keys->Find(parsed.key_id);
  if (key == nullptr) {
    source_->Miss(parsed.key_id, now);
    return Failure(Reason::kCallerUnidentified,
                   "the bearer token is signed by a key that is not known, or not yet");
  }
  CREDBROKER_ASSIGN_OR_RETURN(Caller caller,
                              VerifyServiceAccountToken(parsed, *key, expected_, now));
  verified_.Add(digest, std::make_shared<const Verified>(Verified{caller, std::move(keys)}));
  return caller;
}

}  // namespace credbroker
