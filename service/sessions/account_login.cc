// The logins of an account.

#include <utility>

#include "service/model/failure.h"
#include "service/sessions/account_machine.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

// A session that a forced login replaces may still be in callers' hands for a moment.
constexpr absl::Duration kSupersededGrace = absl::Seconds(30);

RevocableSession RevocableFrom(LoginGrant grant) {
  const Instant expires = grant.token.sent + grant.token.lifetime;
  return {std::move(grant.token.access_token), expires, std::move(grant.refresh_token)};
}

// Upstream said no, rather than nothing.
bool HoldsBack(const absl::Status& failure) {
  const std::optional<Reason> reason = ReasonOf(failure);
  return reason == Reason::kCredentialRejected || reason == Reason::kAccountForbidden;
}

}  // namespace

void AccountMachine::StartLogin(LoginPlan plan, bool joinable, bool after_dead) {
  if (!has_place_ && !world_.capacity.Take()) {
    Rest();
    AnswerAll(TooManySessions());
    return;
  }
  has_place_ = true;
  if (after_dead) last_login_after_dead_ = Now();
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

// Those who queued for any login are content with the one that starts now.
void AccountMachine::AbsorbQueuedLogins() {
  const auto joinable = [](const QueuedLogin& queued) { return queued.joinable; };
  while (auto queued = queued_logins_.TakeOldest(joinable)) {
    queued->waiter.served_as = TokenOutcome::kJoined;
    Wait(std::move(queued->waiter));
  }
}

void AccountMachine::RunLogin() {
  auto& login = std::get<Exchanging>(activity_);
  login.started = true;
  if (login.joinable) login.plan.credential = credential_;  // It may have changed since.
  world_.upstream.Login(account_, login.plan.credential, login.plan.device,
                        [self = shared_from_this()](absl::StatusOr<LoginGrant> grant) {
                          self->OnLoggedIn(std::move(grant));
                        });
}

void AccountMachine::OnLoggedIn(absl::StatusOr<LoginGrant> grant) {
  Exchanging login = std::move(std::get<Exchanging>(activity_));
  SetActivity(Resting{});
  world_.gate.Leave(login.ticket);
  if (login.discarded) {
    OnDiscardedLogin(login.plan, std::move(grant));
  } else if (!grant.ok()) {
    OnLoginFailed(login, grant.status());
  } else if (Now() >= LiveUntil(grant->token)) {
    hold_.Clear();
    logouts_.Start(RevocableFrom(*std::move(grant)), absl::ZeroDuration());
    OnLoginFailed(login, ArrivedTooLate());
  } else {
    hold_.Clear();
    if (served_.CanRefresh()) logouts_.Start(served_.Revocable(), kSupersededGrace);
    auto made = std::make_shared<Grant>();
    made->refresh_token = std::move(grant->refresh_token);
    made->redirect_project_id = std::move(grant->redirect_project_id);
    made->login_time = world_.loop.WallNow();
    // A caller with several principals does not take the session from the one that it belongs to,
    // who may be watching.
    std::string owner = served_.owner().empty() ? std::move(login.plan.owner) : served_.owner();
    Accept(std::move(grant->token), std::move(made), std::move(owner));
  }
  Continue();
}

// It was running when the account was logged out: what it made is logged out too.
void AccountMachine::OnDiscardedLogin(const LoginPlan& plan, absl::StatusOr<LoginGrant> grant) {
  if (grant.ok()) {
    Record(AuditKind::kLogin, by_, "ok", std::nullopt, &grant->token.access_token);
    hold_.Clear();
    logouts_.Start(RevocableFrom(*std::move(grant)), absl::ZeroDuration());
    Rest();
    return;
  }
  NoteFailure(grant.status(), /*login=*/true);
  if (HoldsBack(grant.status())) {
    HoldBackFor(grant.status(), plan.fingerprint);
    Rest();
  } else {
    BackOff(grant.status());
  }
  logouts_.EndExchange();
}

void AccountMachine::OnLoginFailed(const Exchanging& login, const absl::Status& failure) {
  NoteFailure(failure, /*login=*/true);
  if (!HoldsBack(failure)) {
    BackOff(failure);
    AnswerAll(*BackoffRefusal());
    return;
  }
  HoldBackFor(failure, login.plan.fingerprint);
  const bool forbidden_for_good =
      ReasonOf(failure) == Reason::kAccountForbidden && login.after_dead;
  if (forbidden_for_good || (!IsLive() && RenewalRefusal().has_value())) {
    DropSession(WhyUnrenewable());
  } else {
    Rest();
  }
  AnswerAll(failure);
}

std::optional<absl::Status> AccountMachine::LoginRefusal(const LoginPlan& plan) const {
  if (plan.credential == nullptr) return LoginRequired();
  if (plan.in_spite_of_hold) return std::nullopt;
  return hold_.Refusal(Now(), plan.fingerprint);
}

std::optional<absl::Status> AccountMachine::RenewalRefusal() const {
  if (served_.CanRefresh()) return std::nullopt;
  LoginPlan plan;
  plan.credential = credential_;
  return LoginRefusal(plan);
}

// Why a session that nothing can renew has ended.
RevokedReason AccountMachine::WhyUnrenewable() const {
  if (!hold_.IsActive(Now())) return RevokedReason::kLoggedOut;
  return hold_.reason() == Reason::kAccountForbidden ? RevokedReason::kAccountForbidden
                                                     : RevokedReason::kCredentialRejected;
}

}  // namespace credbroker
