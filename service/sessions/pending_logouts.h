#ifndef CREDBROKER_SERVICE_SESSIONS_PENDING_LOGOUTS_H_
#define CREDBROKER_SERVICE_SESSIONS_PENDING_LOGOUTS_H_

#include <memory>
#include <vector>

#include "absl/time/time.h"

#include "service/sessions/account_world.h"
#include "service/sessions/outstanding_revocations.h"
#include "service/sessions/revocation.h"
#include "service/sessions/session_manager.h"
#include "service/sessions/waiters.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The sessions of one account that upstream is yet to be told to forget, and the Logout calls that
// wait until it has been. Lives on the loop. What has been started goes on after its end.
class PendingLogouts {
 public:
  using Done = SessionManager::LogoutDone;

  // `world` and `account` outlive this object. What is started keeps the account as it is then.
  PendingLogouts(AccountWorld& world, const UpstreamAccount& account);

  // Tells upstream after `delay`.
  void Start(RevocableSession session, absl::Duration delay);
  // Those that wait for their delay start now.
  void Expedite();

  // An exchange is running that may leave a session to be forgotten: until the next Start, or until
  // EndExchange says that it left none, nobody is answered with true.
  void AwaitExchange();
  void EndExchange();

  // Answers once nothing is pending: true, unless upstream could not be told of all. False at the
  // deadline.
  void Wait(CallId call, Instant deadline, Done done);
  // False if it is not one of those that wait.
  bool Cancel(CallId call, const absl::Status& status);

  // Whether upstream has been told of all.
  bool none_pending() const { return pending_.empty(); }
  bool empty() const { return pending_.empty() && waiting_.empty(); }

 private:
  void AnswerIfNoneIsPending();
  void OnEnd(const Revocation* ended, bool confirmed);

  AccountWorld& world_;
  const UpstreamAccount& account_;
  std::vector<std::shared_ptr<Revocation>> pending_;
  // Zero: none is.
  OutstandingRevocations::Id exchange_running_ = 0;
  // One of those that ended since the last Wait was lost.
  bool lost_ = false;
  Waiters<Done> waiting_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_PENDING_LOGOUTS_H_
