#ifndef CREDBROKER_SERVICE_UPSTREAM_LOGIN_FLOW_H_
#define CREDBROKER_SERVICE_UPSTREAM_LOGIN_FLOW_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "service/base/clock.h"
#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/worker_pool.h"
#include "service/scram/exchange.h"
#include "service/scram/keys.h"
#include "service/upstream/key_cache.h"
#include "service/upstream/session_api.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// One login: the SCRAM exchange over the session API, one method per message.
//
//   Start ─► worker: is there a password? ─► OnCredential ─► /auth/auth ─► OnServerFirst
//   ─► worker: password, keys ─► OnKeys ─► /auth/login ─► OnServerFinal
//
// Without a credential nothing is sent, so that an account whose file is missing bothers upstream
// with nothing, however many callers ask. If the challenge lapses while the keys are derived, it
// starts again, once. Lives on a loop and keeps itself alive until it has called `done`.
class LoginFlow : public std::enable_shared_from_this<LoginFlow> {
 public:
  // What is referred to outlives the flow, as long as `alive` has not expired; after that the flow
  // stays silent and touches nothing but `loop`.
  struct Parts {
    Loop& loop;
    SessionApi& api;
    WorkerPool& workers;
    Random& random;
    std::shared_ptr<KeyCache> keys;
    std::weak_ptr<const bool> alive;
  };

  LoginFlow(Parts parts, UpstreamAccount account, std::shared_ptr<const Credential> credential,
            Device device, Upstream::LoginDone done);

  // To be called once.
  void Start();

 private:
  // Waits for a worker, but not for ever; see EndWait.
  void AwaitWorker();
  // Whether what a worker brings is still waited for. Ends the wait.
  bool EndWait();
  void OnWorkerOverdue();
  void OnCredential(absl::StatusOr<std::string> content);
  // Draws the nonce and sends the first message.
  void SendFirst();
  void OnServerFirst(absl::StatusOr<Instant> lapses);
  void RequestKeys();
  void OnKeys(absl::StatusOr<std::shared_ptr<const ScramKeys>> keys);
  void SendFinal(const ScramKeys& keys);
  void OnServerFinal(absl::StatusOr<LoginGrant> grant);
  void Finish(absl::StatusOr<LoginGrant> result);

  Parts parts_;
  const UpstreamAccount account_;
  const std::shared_ptr<const Credential> credential_;
  const Device device_;
  Upstream::LoginDone done_;

  // The exchange under way.
  std::optional<ScramExchange> exchange_;
  std::string user_;
  KeyParameters parameters_;
  Instant lapses_;
  bool started_again_ = false;
  // What tells the credential's content from other content; see KeyCache::Recognise.
  std::string content_;
  TimerId worker_timer_ = 0;
  // False once it would be too late: then a worker need not begin.
  std::shared_ptr<std::atomic<bool>> worker_wanted_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_LOGIN_FLOW_H_
