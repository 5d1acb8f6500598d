#ifndef CREDBROKER_SERVICE_UPSTREAM_SCRAM_UPSTREAM_H_
#define CREDBROKER_SERVICE_UPSTREAM_SCRAM_UPSTREAM_H_

#include <memory>
#include <string>

#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/worker_pool.h"
#include "service/ops/metrics.h"
#include "service/upstream/http_client.h"
#include "service/upstream/key_cache.h"
#include "service/upstream/session_api.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The Upstream that logs in by SCRAM over the session API.
class ScramUpstream : public Upstream {
 public:
  // What is referred to outlives this object; the worker pool ends before the loop does. To be
  // destroyed on the loop or after it has stopped: calls in flight are then dropped.
  struct Parts {
    Loop& loop;
    HttpClient& http;
    WorkerPool& workers;
    Random& random;
    Metrics& metrics;
  };
  // `version` is the broker's, for `osVersion`.
  ScramUpstream(Parts parts, std::string version);
  ~ScramUpstream() override;

  void Login(const UpstreamAccount& account, std::shared_ptr<const Credential> credential,
             const Device& device, LoginDone done) override;
  void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
               RefreshDone done) override;
  void Logout(const UpstreamAccount& account, const Secret& access_token, LogoutDone done) override;
  void HasCredentialChanged(const AccountKey& key, std::shared_ptr<const Credential> credential,
                            CredentialDone done) override;

  // How often keys were derived rather than taken from the cache.
  uint64_t derivations() const { return keys_->derivations(); }

 private:
  Device WithDefaults(const UpstreamAccount& account, Device device) const;

  const Parts parts_;
  const std::string version_;
  SessionApi api_;
  // Shared with workers that may still be busy when this object ends.
  const std::shared_ptr<KeyCache> keys_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_SCRAM_UPSTREAM_H_
