#ifndef CREDBROKER_SERVICE_MAIN_ISSUER_KEYS_H_
#define CREDBROKER_SERVICE_MAIN_ISSUER_KEYS_H_

#include <memory>

#include "service/base/loop.h"
#include "service/base/worker_pool.h"
#include "service/callers/key_source.h"
#include "service/callers/kubernetes_callers.h"
#include "service/callers/service_account_tokens.h"
#include "service/upstream/http_client.h"

namespace credbroker {

// Gets the key set at `callers.jwks_url`, showing the token in `jwks_bearer_file` if there is one;
// that is read anew each time, since the kubelet replaces it. `http` lives on `loop`; all three
// outlive what is made. Redirects are not followed.
KeySource::Fetch FetchFromUrl(const KubernetesCallers& callers, HttpClient& http, Loop& loop,
                              WorkerPool& workers);

// The tokens that count, and the issuer's keys, which it begins at once to keep fresh. `http` lives
// on `loop`; all three outlive this.
class KubernetesTokens {
 public:
  KubernetesTokens(const KubernetesCallers& callers, HttpClient& http, Loop& loop,
                   WorkerPool& workers, KeySource::Report report = nullptr);

  const BearerTokens& tokens() const { return tokens_; }
  KeySource& keys() const { return *source_; }

 private:
  const std::shared_ptr<KeySource> source_;
  const ServiceAccountTokens tokens_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_ISSUER_KEYS_H_
