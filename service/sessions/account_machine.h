#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

#include "service/ops/audit_event.h"
#include "service/sessions/account_activity.h"
#include "service/sessions/account_world.h"
#include "service/sessions/hold.h"
#include "service/sessions/pending_logouts.h"
#include "service/sessions/served_session.h"
#include "service/sessions/session_manager.h"
#include "service/sessions/waiters.h"
#include "service/sessions/watchers.h"

namespace credbroker {

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
//
// A logout does not end BackingOff, nor a hold: they spare upstream and the account, and whoever
// may log out could get around them. A wait that upstream asked for is among them (faults.md rows
// 3, 5).
class AccountMachine : public std::enable_shared_from_this<AccountMachine> {
 public:
  using Done = SessionManager::Done;

  // `credential` is null for a caller's own account. `generation`: of the account's last token, 0
  // if there was none. `world` outlives this object.
  AccountMachine(AccountWorld& world, UpstreamAccount account,
                 std::shared_ptr<const Credential> credential, uint64_t generation);

  // The calls of SessionManager: account_calls.cc.
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
  // A credential that could not be read perhaps can be now.
  void RetryCredential();

  // What the configuration says now: account_settings.cc.
  const UpstreamAccount& account() const { return account_; }
  // Holds from the next exchange on. The session stays, so it must be the same user of the same
  // upstream. `credential` is null if that is as it was.
  void Reconfigure(UpstreamAccount account, std::shared_ptr<const Credential> credential);
  // The account is configured no more, or is another now. The session is logged out; watches end
  // with `end`. May come back by Reconfigure.
  void Retire(const WatchEnd& end);

  // What is to be seen of it: account_state.cc.
  SessionRow Row() const;
  SessionState State() const;
  bool is_held_back() const { return hold_.IsActive(Now()); }
  const SessionPtr& session() const { return served_.get(); }
  uint64_t generation() const { return served_.generation(); }

  // Nobody has asked for long: the session is not kept fresh.
  bool IsIdle() const;
  // The session may make room for another: nobody watches it or waits for it, and no token that
  // somebody was handed is still valid.
  bool IsEvictable() const;
  // Ends the session to make room.
  void Evict();
  // Nothing would be lost with this object but the generation.
  bool IsForgettable() const;
  // Lets go of what keeps it alive, at the end of the world. Answers nobody.
  void Abandon();

 private:
  using Activity = std::variant<Resting, Exchanging, BackingOff>;

  Instant Now() const { return world_.loop.Now(); }
  bool IsResting() const { return std::holds_alternative<Resting>(activity_); }
  bool IsExchanging() const { return std::holds_alternative<Exchanging>(activity_); }
  bool IsLive() const { return served_.IsLive(Now()); }
  std::optional<absl::Status> LoginRefusal(const LoginPlan& plan) const;
  std::optional<absl::Status> RenewalRefusal() const;
  std::optional<absl::Status> BackoffRefusal() const;
  std::optional<absl::Status> AllowanceRefusal(const CallOptions& options);

  bool MayLogOut(const CallOptions& options) const;

  // account_waiters.cc: who waits, and what they are told.
  void Demand(TokenWaiter waiter, Device device = {});
  void DemandLogin(QueuedLogin login);
  void Wait(TokenWaiter waiter);
  void HandOut();
  void StartForOldest();
  void Answer(TokenWaiter waiter, const absl::StatusOr<SessionPtr>& result);
  void AnswerAll(const absl::StatusOr<SessionPtr>& result);
  void EndCalls(absl::string_view why);

  // account_machine.cc: from one activity to the next.
  void SetActivity(Activity activity);
  void Rest();
  void BackOff(const absl::Status& failure);
  void OnDue();
  void StartRenewal(bool urgent, Device device = {});
  void Continue();
  bool Accept(IssuedToken token, std::shared_ptr<const Grant> grant, std::string owner);
  void DropSession(RevokedReason reason);
  void LogOut(const Initiator& by);
  void NoteFailure(const absl::Status& failure, bool login);
  void HoldBackFor(const absl::Status& failure, const std::string& fingerprint);
  void ReleaseHold(const Initiator& by);
  void ReleasePlace();

  // account_audit.cc: what is put on record.
  void Record(AuditKind kind, const Initiator& by, absl::string_view outcome,
              std::optional<Reason> reason = std::nullopt, const Secret* token = nullptr) const;
  void RecordFailure(bool login, std::optional<Reason> reason) const;

  // account_refresh.cc: refreshes.
  void StartRefresh(bool urgent);
  void RunRefresh();
  void OnRefreshed(absl::StatusOr<IssuedToken> token);
  void OnDiscardedRefresh(const Session& refreshed, absl::StatusOr<IssuedToken> token);
  void OnRefreshFailed(const absl::Status& failure);
  void OnRefreshTokenDead();

  // account_login.cc: logins.
  void StartLogin(LoginPlan plan, bool joinable, bool after_dead);
  void AbsorbQueuedLogins();
  void RunLogin();
  void OnLoggedIn(absl::StatusOr<LoginGrant> grant);
  void OnDiscardedLogin(const LoginPlan& plan, absl::StatusOr<LoginGrant> grant);
  void OnLoginFailed(const Exchanging& login, const absl::Status& failure);
  RevokedReason WhyUnrenewable() const;

  AccountWorld& world_;
  UpstreamAccount account_;
  std::shared_ptr<const Credential> credential_;

  ServedSession served_;
  Activity activity_;
  // Who started the exchange that runs, or ran last.
  Initiator by_;
  Hold hold_;

  int failures_ = 0;
  std::string last_error_;
  Instant last_login_after_dead_ = Instant::InfinitePast();
  bool has_place_ = false;
  bool checking_credential_ = false;

  Waiters<TokenWaiter> waiters_;
  Waiters<QueuedLogin> queued_logins_;
  Watchers watchers_;
  PendingLogouts logouts_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_ACCOUNT_MACHINE_H_
