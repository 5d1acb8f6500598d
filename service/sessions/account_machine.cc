#include "service/sessions/account_machine.h"

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

// A session that a forced login replaces may still be in callers' hands for a moment.
constexpr absl::Duration kSupersededGrace = absl::Seconds(30);
// At most one login because of a dead refresh token in this time (faults.md row 21).
constexpr absl::Duration kLoginAfterDeadWindow = absl::Seconds(10);

RevocableSession RevocableFrom(const Session& session) {
  return {session.access_token.Clone(), session.expires, session.grant->refresh_token.Clone()};
}

RevocableSession RevocableFrom(IssuedToken token, const Secret& refresh_token) {
  const Instant expires = token.sent + token.lifetime;
  return {std::move(token.access_token), expires, refresh_token.Clone()};
}

}  // namespace

AccountMachine::AccountMachine(World& world, UpstreamAccount account,
                               std::shared_ptr<const Credential> credential)
    : world_(world),
      account_(std::move(account)),
      credential_(std::move(credential)),
      waiters_(world.loop),
      queued_waiters_(world.loop),
      logouts_(world.loop) {}

void AccountMachine::SetActivity(Activity activity) {
  if (auto* resting = std::get_if<Resting>(&activity_)) world_.loop.Cancel(resting->timer);
  if (auto* backing_off = std::get_if<BackingOff>(&activity_))
    world_.loop.Cancel(backing_off->timer);
  activity_ = std::move(activity);
}

// Nothing to do until the refresh is due, or, where nothing could renew the session, until its end.
void AccountMachine::Rest() {
  Resting resting;
  if (session_ != nullptr) {
    resting.due = RenewalRefusal().has_value() ? session_->live_until : session_->refresh_due;
    resting.timer =
        world_.loop.After(*resting.due - Now(), [self = shared_from_this()] { self->OnDue(); });
  }
  SetActivity(std::move(resting));
  ReleasePlace();
}

void AccountMachine::BackOff(const absl::Status& failure, absl::Duration at_least) {
  const absl::Duration wait = Backoff(std::max(failures_, 1), world_.random.Fraction(), at_least);
  const TimerId timer = world_.loop.After(wait, [self = shared_from_this()] { self->OnDue(); });
  SetActivity(BackingOff{timer, Now() + wait, failure});
  ReleasePlace();
}

// The timer of Resting or BackingOff.
void AccountMachine::OnDue() {
  SetActivity(Resting{});
  const bool renewable = !RenewalRefusal().has_value();
  if (session_ != nullptr && !IsLive() && !renewable) {
    DropSession(WhyUnrenewable());
    return;
  }
  // An idle session waits without a timer: the next caller renews it.
  const bool wanted = session_ != nullptr ? !IsIdle() : !watchers_.empty();
  if (!wanted) {
    ReleasePlace();
  } else if (renewable) {
    StartRenewal(/*urgent=*/false);
  } else {
    Rest();
  }
}

void AccountMachine::StartRenewal(bool urgent) {
  if (CanRefresh()) {
    StartRefresh(urgent);
  } else {
    StartLogin(LoginPlan{credential_, {}, {}, {}, false}, /*joinable=*/true,
               /*after_dead=*/session_ != nullptr);
  }
}

void AccountMachine::StartRefresh(bool urgent) {
  Exchanging refresh;
  refresh.kind = ExchangeKind::kRefresh;
  refresh.refreshing = session_;
  SetActivity(std::move(refresh));
  const ExchangeGate::Ticket ticket =
      world_.gate.Enter(account_.tenant->name, ExchangeKind::kRefresh, urgent,
                        [self = shared_from_this()] { self->RunRefresh(); });
  std::get<Exchanging>(activity_).ticket = ticket;
}

void AccountMachine::StartLogin(LoginPlan plan, bool joinable, bool after_dead) {
  if (!has_place_ && !world_.capacity.Take()) {
    const absl::Status full = Failure(
        Reason::kOverloaded, "there are as many sessions as max_sessions allows, and none is idle",
        absl::Seconds(5));
    Rest();
    AnswerAll(full);
    return;
  }
  has_place_ = true;
  Exchanging login;
  login.joinable = joinable;
  login.after_dead = after_dead;
  login.plan = std::move(plan);
  SetActivity(std::move(login));
  if (joinable) AbsorbQueuedLogins();
  const ExchangeGate::Ticket ticket =
      world_.gate.Enter(account_.tenant->name, ExchangeKind::kLogin, /*urgent=*/true,
                        [self = shared_from_this()] { self->RunLogin(); });
  std::get<Exchanging>(activity_).ticket = ticket;
}

void AccountMachine::RunRefresh() {
  auto& refresh = std::get<Exchanging>(activity_);
  refresh.started = true;
  world_.upstream.Refresh(account_, refresh.refreshing->grant->refresh_token,
                          [self = shared_from_this()](absl::StatusOr<IssuedToken> token) {
                            self->OnRefreshed(std::move(token));
                          });
}

void AccountMachine::RunLogin() {
  auto& login = std::get<Exchanging>(activity_);
  login.started = true;
  world_.upstream.Login(account_, login.plan.credential, login.plan.device,
                        [self = shared_from_this()](absl::StatusOr<LoginGrant> grant) {
                          self->OnLoggedIn(std::move(grant));
                        });
}

void AccountMachine::OnRefreshed(absl::StatusOr<IssuedToken> token) {
  Exchanging refresh = std::move(std::get<Exchanging>(activity_));
  SetActivity(Resting{});
  world_.gate.Leave(refresh.ticket);
  if (refresh.discarded) {
    OnDiscarded(std::move(refresh), std::move(token));
  } else if (!token.ok()) {
    OnRefreshFailed(token.status());
  } else if (!Accept(*std::move(token), session_->grant)) {
    OnRefreshFailed(Failure(Reason::kUpstreamMalformed, "the token had ended when it arrived"));
  }
  Continue();
}

void AccountMachine::OnRefreshFailed(const absl::Status& failure) {
  NoteFailure(failure, /*login=*/false);
  const std::optional<Reason> reason = ReasonOf(failure);
  if (reason == Reason::kRefreshTokenDead) {
    OnRefreshTokenDead();
    return;
  }
  if (reason == Reason::kAccountForbidden) {
    HoldBackFor(failure, "");
    DropSession(RevokedReason::kAccountForbidden);
    AnswerAll(failure);
    return;
  }
  BackOff(failure, RetryAfterOf(failure).value_or(absl::ZeroDuration()));
  AnswerAll(*BackoffRefusal());
}

// 416: that token is never sent again. One login makes a new session, if the account has a
// credential; the access token is served to its end meanwhile.
void AccountMachine::OnRefreshTokenDead() {
  refresh_token_dead_ = true;
  const absl::Duration since_last = Now() - last_login_after_dead_;
  if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    if (IsLive()) {
      Rest();
    } else {
      OnDue();
    }
    AnswerAll(*refusal);
  } else if (since_last < kLoginAfterDeadWindow) {
    const absl::Duration rest_of_window = kLoginAfterDeadWindow - since_last;
    BackOff(Failure(Reason::kUpstreamUnavailable,
                    "upstream ended the session again within seconds of a new login"),
            rest_of_window);
    AnswerAll(*BackoffRefusal());
  } else {
    last_login_after_dead_ = Now();
    StartRenewal(/*urgent=*/true);
  }
}

void AccountMachine::OnLoggedIn(absl::StatusOr<LoginGrant> grant) {
  Exchanging login = std::move(std::get<Exchanging>(activity_));
  SetActivity(Resting{});
  world_.gate.Leave(login.ticket);
  if (login.discarded) {
    if (grant.ok()) {
      Revoke(RevocableFrom(std::move(grant->token), grant->refresh_token), absl::ZeroDuration());
    } else {
      NoteFailure(grant.status(), /*login=*/true);
      HoldBackFor(grant.status(), login.plan.fingerprint);
      if (revocations_.empty()) AnswerLogouts(!revocation_lost_);
    }
    Rest();
  } else if (!grant.ok()) {
    OnLoginFailed(login, grant.status());
  } else {
    hold_.Clear();
    auto made = std::make_shared<Grant>();
    made->refresh_token = std::move(grant->refresh_token);
    made->redirect_project_id = std::move(grant->redirect_project_id);
    made->login_time = world_.loop.WallNow();
    std::optional<RevocableSession> superseded;
    if (CanRefresh()) superseded = Revocable();
    std::swap(owner_, login.plan.owner);
    if (Accept(std::move(grant->token), std::move(made))) {
      if (superseded.has_value()) Revoke(*std::move(superseded), kSupersededGrace);
    } else {
      std::swap(owner_, login.plan.owner);
      OnLoginFailed(login,
                    Failure(Reason::kUpstreamMalformed, "the token had ended when it arrived"));
    }
  }
  Continue();
}

void AccountMachine::OnLoginFailed(const Exchanging& login, const absl::Status& failure) {
  NoteFailure(failure, /*login=*/true);
  const std::optional<Reason> reason = ReasonOf(failure);
  if (reason != Reason::kCredentialRejected && reason != Reason::kAccountForbidden) {
    BackOff(failure, RetryAfterOf(failure).value_or(absl::ZeroDuration()));
    AnswerAll(*BackoffRefusal());
    return;
  }
  HoldBackFor(failure, login.plan.fingerprint);
  const bool forbidden_for_good = reason == Reason::kAccountForbidden && login.after_dead;
  if (forbidden_for_good || (!IsLive() && RenewalRefusal().has_value())) {
    DropSession(WhyUnrenewable());
  } else {
    Rest();
  }
  AnswerAll(failure);
}

// A refresh that was running when the account was logged out. It may have made another token: that
// one is logged out, or, if it failed, the one before it.
void AccountMachine::OnDiscarded(Exchanging exchange, absl::StatusOr<IssuedToken> token) {
  if (token.ok()) {
    Revoke(RevocableFrom(*std::move(token), exchange.refreshing->grant->refresh_token),
           absl::ZeroDuration());
  } else if (ReasonOf(token.status()) != Reason::kRefreshTokenDead) {
    Revoke(RevocableFrom(*exchange.refreshing), absl::ZeroDuration());
  } else if (revocations_.empty()) {
    AnswerLogouts(!revocation_lost_);
  }
  Rest();
}

// Makes the token the account's session. False if it is no longer live.
bool AccountMachine::Accept(IssuedToken token, std::shared_ptr<const Grant> grant) {
  const bool is_login = session_ == nullptr || session_->grant != grant;
  auto session = std::make_shared<Session>();
  session->lifetime = token.lifetime;
  session->expires = token.sent + token.lifetime;
  session->live_until = session->expires - Slack(token.lifetime);
  session->refresh_due =
      token.sent + RefreshDelay(world_.policy, token.lifetime, world_.random.Fraction());
  if (!session->IsLiveAt(Now())) {
    if (is_login) {
      Revoke(RevocableFrom(std::move(token), grant->refresh_token), absl::ZeroDuration());
    }
    return false;
  }
  NoteUse();
  if (is_login) refresh_token_dead_ = false;
  session->grant = std::move(grant);
  session->access_token = std::move(token.access_token);
  session->header_name = account_.tenant->session_header;
  session->generation = ++generation_;
  session->device_id = std::move(token.device_id);
  session->sendbird_session_token = std::move(token.sendbird_session_token);
  session->issue_time = token.sent_wall;
  session->expire_time = token.sent_wall + token.lifetime;
  session_ = std::move(session);
  failures_ = 0;
  last_error_.clear();
  Publish();
  Rest();
  for (auto& [call, watcher] : watchers_) {
    watcher.token(session_);
    handed_out_until_ = session_->expires;
  }
  AnswerAll(session_);
  return true;
}

void AccountMachine::Publish() {
  auto published = std::make_shared<Published>();
  published->session = session_;
  published->owner = owner_;
  published->last_used = absl::ToInt64Nanoseconds(last_used_.since_boot());
  published_ = std::move(published);
  world_.cache.Publish(account_.key, published_);
}

// Why a session that nothing can renew has ended.
RevokedReason AccountMachine::WhyUnrenewable() const {
  if (!hold_.IsActive(Now())) return RevokedReason::kLoggedOut;
  return hold_.reason() == Reason::kAccountForbidden ? RevokedReason::kAccountForbidden
                                                     : RevokedReason::kCredentialRejected;
}

RevocableSession AccountMachine::Revocable() const {
  RevocableSession revocable = RevocableFrom(*session_);
  if (refresh_token_dead_) revocable.refresh_token = Secret();
  return revocable;
}

// Nobody is served the session any more.
void AccountMachine::Forget() {
  NoteUse();
  world_.cache.Remove(account_.key);
  published_ = nullptr;
  session_ = nullptr;
  refresh_token_dead_ = false;
  owner_.clear();
}

// The session ends without a logout: upstream has ended it, or nothing can renew it.
void AccountMachine::DropSession(RevokedReason reason) {
  Forget();
  EndWatches(reason);
  Rest();
}

// What had to wait for the exchange that has just ended.
void AccountMachine::Continue() {
  while (!std::holds_alternative<Exchanging>(activity_) && !queued_logins_.empty()) {
    QueuedLogin next = std::move(queued_logins_.front());
    queued_logins_.erase(queued_logins_.begin());
    std::optional<TokenWaiter> waiter = queued_waiters_.Take(next.call);
    if (waiter.has_value()) DemandLogin(std::move(next), *std::move(waiter));
  }
  // Those who came while a discarded exchange was still running.
  if (std::holds_alternative<Exchanging>(activity_) || waiters_.empty()) return;
  if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    AnswerAll(*refusal);
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    AnswerAll(*pause);
  } else {
    StartRenewal(/*urgent=*/true);
  }
}

void AccountMachine::NoteFailure(const absl::Status& failure, bool login) {
  ++failures_;
  const Reason reason = ReasonOf(failure).value_or(Reason::kUpstreamUnavailable);
  last_error_ = std::string(ReasonName(reason));
  Log(LogLevel::kWarning, login ? "login_failed" : "refresh_failed",
      {{"tenant", account_.key.tenant},
       {"account", DisplayName(account_.key)},
       {"reason", std::string(ReasonName(reason))},
       {"attempt", failures_},
       {"live", IsLive()}});
}

void AccountMachine::HoldBackFor(const absl::Status& failure, const std::string& fingerprint) {
  const std::optional<Reason> reason = ReasonOf(failure);
  if (reason != Reason::kCredentialRejected && reason != Reason::kAccountForbidden) return;
  hold_.Reject(Now(), *reason, fingerprint);
  world_.held.insert(account_.key);
  Log(LogLevel::kError, "account_held_back",
      {{"tenant", account_.key.tenant},
       {"account", DisplayName(account_.key)},
       {"reason", std::string(ReasonName(*reason))},
       {"hold_seconds", hold_.until() - Now()}});
}

void AccountMachine::ReleasePlace() {
  const bool needed = session_ != nullptr || std::holds_alternative<Exchanging>(activity_);
  if (has_place_ && !needed) {
    has_place_ = false;
    world_.capacity.GiveBack();
  }
}

void AccountMachine::Revoke(RevocableSession session, absl::Duration delay) {
  auto slot = std::make_shared<Revocation*>(nullptr);
  auto revocation = Revocation::Start(
      {world_.loop, world_.upstream, world_.random, world_.metrics, world_.gate}, account_,
      std::move(session), delay, [self = shared_from_this(), slot](bool confirmed) {
        std::erase_if(self->revocations_,
                      [&](const auto& candidate) { return candidate.get() == *slot; });
        self->revocation_lost_ = self->revocation_lost_ || !confirmed;
        if (self->revocations_.empty()) self->AnswerLogouts(!self->revocation_lost_);
      });
  *slot = revocation.get();
  revocations_.push_back(std::move(revocation));
}

}  // namespace credbroker
