#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"

#include "service/sessions/account_activity.h"
#include "service/sessions/exchange_gate.h"
#include "service/sessions/hold.h"
#include "service/sessions/revocation.h"
#include "service/sessions/session_manager.h"
#include "service/sessions/waiters.h"

namespace credbroker {

// How many sessions there may be. Lives on the loop.
class Capacity {
 public:
  virtual ~Capacity() = default;
  // Takes a place for one more session; makes room by ending an idle one if need be. False: none is
  // idle.
  virtual bool Take() = 0;
  virtual void GiveBack() = 0;
};

// One account's state machine: the session that is served, and what is being done about it. Lives
// on the loop; the cache shows its session to other threads.
//
//   activity      | with a session                    | without
//   --------------|-----------------------------------|---------------------------------------------
//   Resting       | LIVE: waits for the refresh to be | ABSENT, or HELD_BACK while the hold lasts
//                 | due, or is idle and waits for     |
//                 | nothing                           |
//   Exchanging    | RENEWING: a refresh, or the login | LOGGING_IN
//                 | after upstream forgot it (416);   |
//                 | LOGGING_IN: a forced login        |
//   BackingOff    | BACKING_OFF: served while live,   | BACKING_OFF: callers fail at once
//                 | then callers fail at once         |
//
// An exchange that was running when the account was logged out goes on as `discarded`: its result
// is logged out upstream, and nothing new starts before it has ended, so that there is never more
// than one.
class AccountMachine : public std::enable_shared_from_this<AccountMachine> {
 public:
  using Done = SessionManager::Done;

  // What every account shares; outlives the machines.
  struct World {
    Loop& loop;
    Upstream& upstream;
    Random& random;
    Metrics& metrics;
    const SessionPolicy& policy;
    SessionCache& cache;
    ExchangeGate& gate;
    Capacity& capacity;
    // Tells callers' passwords apart without keeping them: a random key of this process.
    std::string fingerprint_key;
    // Accounts that may be held back.
    absl::flat_hash_set<AccountKey> held;
  };

  // `credential` is null for a caller's own account.
  AccountMachine(World& world, UpstreamAccount account,
                 std::shared_ptr<const Credential> credential);

  // The calls of SessionManager.
  void GetToken(CallId call, absl::Duration min_remaining, const CallOptions& options, Done done);
  void Login(CallId call, SessionManager::LoginOptions login, const CallOptions& options,
             SessionManager::LoginDone done);
  void Refresh(CallId call, std::optional<uint64_t> if_generation, const CallOptions& options,
               Done done);
  void Logout(CallId call, const CallOptions& options, SessionManager::LogoutDone done);
  void Watch(CallId call, const CallOptions& options, SessionManager::OnToken token,
             SessionManager::OnEnd end);
  void Cancel(CallId call);

  // A reader found the refresh overdue.
  void Kick();
  void CheckHeldCredential();

  SessionRow Row() const;
  SessionState State() const;
  bool is_held_back() const { return hold_.IsActive(Now()); }
  const SessionPtr& session() const { return session_; }
  const AccountKey& key() const { return account_.key; }

  // From when on the session may make room for another: nobody watches it or waits for it, and the
  // token that somebody may still hold has ended. Nothing if that cannot be said.
  std::optional<Instant> IdleFrom() const;
  // Ends the session to make room.
  void Evict();
  // Nothing would be lost with this object but the generation.
  bool IsForgettable() const;
  // Lets go of what keeps it alive, at the end of the world. Answers nobody.
  void Abandon();

 private:
  using Activity = std::variant<Resting, Exchanging, BackingOff>;

  Instant Now() const { return world_.loop.Now(); }
  bool IsLive() const { return session_ != nullptr && session_->IsLiveAt(Now()); }
  bool CanRefresh() const { return session_ != nullptr && !refresh_token_dead_; }
  Instant LastUsed() const;
  bool IsIdle() const;
  void NoteUse();
  bool MayUse(const CallOptions& options) const;
  std::optional<absl::Status> LoginRefusal(const LoginPlan& plan) const;
  std::optional<absl::Status> RenewalRefusal() const;
  std::optional<absl::Status> BackoffRefusal() const;

  // account_calls.cc: callers.
  void Demand(CallId call, TokenWaiter waiter);
  void DemandLogin(QueuedLogin login, TokenWaiter waiter);
  void Wait(CallId call, TokenWaiter waiter);
  void AbsorbQueuedLogins();
  void Answer(TokenWaiter waiter, const absl::StatusOr<SessionPtr>& result);
  void AnswerAll(const absl::StatusOr<SessionPtr>& result);
  void ServeWatch(CallId call, Watcher watcher);
  void EndWatches(RevokedReason reason);
  void AnswerLogouts(bool confirmed);
  std::string Fingerprint(const Secret& password) const;

  // account_machine.cc: exchanges.
  void SetActivity(Activity activity);
  void Rest();
  void BackOff(const absl::Status& failure, absl::Duration at_least);
  void OnDue();
  void StartRenewal(bool urgent);
  void StartRefresh(bool urgent);
  void StartLogin(LoginPlan plan, bool joinable, bool after_dead);
  void RunRefresh();
  void RunLogin();
  void OnRefreshed(absl::StatusOr<IssuedToken> token);
  void OnLoggedIn(absl::StatusOr<LoginGrant> grant);
  void OnRefreshFailed(const absl::Status& failure);
  void OnRefreshTokenDead();
  void OnLoginFailed(const Exchanging& login, const absl::Status& failure);
  void OnDiscarded(Exchanging exchange, absl::StatusOr<IssuedToken> token);
  bool Accept(IssuedToken token, std::shared_ptr<const Grant> grant);
  void Publish();
  RevokedReason WhyUnrenewable() const;
  RevocableSession Revocable() const;
  void Forget();
  void DropSession(RevokedReason reason);
  void Continue();
  void NoteFailure(const absl::Status& failure, bool login);
  void HoldBackFor(const absl::Status& failure, const std::string& fingerprint);
  void ReleasePlace();
  void Revoke(RevocableSession session, absl::Duration delay);

  World& world_;
  const UpstreamAccount account_;
  const std::shared_ptr<const Credential> credential_;

  SessionPtr session_;
  std::shared_ptr<Published> published_;
  bool refresh_token_dead_ = false;
  std::string owner_;
  Activity activity_;
  Hold hold_;

  uint64_t generation_ = 0;
  int failures_ = 0;
  std::string last_error_;
  Instant last_used_;
  Instant handed_out_until_ = Instant::InfinitePast();
  Instant last_login_after_dead_ = Instant::InfinitePast();
  bool has_place_ = false;
  bool checking_credential_ = false;

  Waiters<TokenWaiter> waiters_;
  std::vector<QueuedLogin> queued_logins_;
  Waiters<TokenWaiter> queued_waiters_;
  absl::btree_map<CallId, Watcher> watchers_;
  Waiters<LogoutWaiter> logouts_;
  // Upstream logouts of this account that have not ended.
  std::vector<std::shared_ptr<Revocation>> revocations_;
  bool revocation_lost_ = false;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_
