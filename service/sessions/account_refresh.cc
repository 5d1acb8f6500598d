// The refreshes of an account.

#include <utility>

#include "service/model/failure.h"
#include "service/sessions/account_machine.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

// At most one login because of a dead refresh token in this time (faults.md row 21).
constexpr absl::Duration kLoginAfterDeadWindow = absl::Seconds(10);

}  // namespace

void AccountMachine::StartRefresh(bool urgent) {
  Exchanging refresh;
  refresh.kind = ExchangeKind::kRefresh;
  refresh.refreshing = served_.get();
  SetActivity(std::move(refresh));
  const ExchangeGate::Ticket ticket =
      world_.gate.Enter(account_.tenant->name, ExchangeKind::kRefresh, urgent,
                        [self = shared_from_this()] { self->RunRefresh(); });
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

void AccountMachine::OnRefreshed(absl::StatusOr<IssuedToken> token) {
  const Exchanging refresh = std::move(std::get<Exchanging>(activity_));
  SetActivity(Resting{});
  world_.gate.Leave(refresh.ticket);
  if (refresh.discarded) {
    OnDiscardedRefresh(*refresh.refreshing, std::move(token));
  } else if (!token.ok()) {
    OnRefreshFailed(token.status());
  } else if (!Accept(*std::move(token), refresh.refreshing->grant, served_.owner())) {
    OnRefreshFailed(ArrivedTooLate());
  }
  Continue();
}

// It was running when the account was logged out. It may have made another token: that one is
// logged out, or, if it failed, the one before it.
void AccountMachine::OnDiscardedRefresh(const Session& refreshed,
                                        absl::StatusOr<IssuedToken> token) {
  const Secret& refresh_token = refreshed.grant->refresh_token;
  if (token.ok()) {
    Record(AuditKind::kRefresh, by_, "ok", std::nullopt, &token->access_token);
    const Instant expires = token->sent + token->lifetime;
    logouts_.Start({std::move(token->access_token), expires, refresh_token.Clone()},
                   absl::ZeroDuration());
    Rest();
    return;
  }
  const absl::Status& failure = token.status();
  const std::optional<Reason> reason = ReasonOf(failure);
  NoteFailure(failure, /*login=*/false);
  if (reason == Reason::kRefreshTokenDead) {
    Rest();
    logouts_.EndExchange();
    return;
  }
  logouts_.Start({refreshed.access_token.Clone(), refreshed.expires, refresh_token.Clone()},
                 absl::ZeroDuration());
  if (reason == Reason::kAccountForbidden) {
    HoldBackFor(failure, "");
    Rest();
  } else {
    BackOff(failure);
  }
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
  BackOff(failure);
  AnswerAll(*BackoffRefusal());
}

// 416: that token is never sent again. One login makes a new session, if the account has a
// credential; the access token is served to its end meanwhile.
void AccountMachine::OnRefreshTokenDead() {
  served_.MarkRefreshTokenDead();
  const absl::Duration since_last = Now() - last_login_after_dead_;
  if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    if (IsLive()) {
      Rest();
    } else {
      OnDue();
    }
    AnswerAll(*refusal);
  } else if (since_last < kLoginAfterDeadWindow) {
    BackOff(Failure(Reason::kUpstreamUnavailable,
                    "upstream ended the session again within seconds of a new login",
                    kLoginAfterDeadWindow - since_last));
    AnswerAll(*BackoffRefusal());
  } else {
    StartRenewal(/*urgent=*/true);
  }
}

}  // namespace credbroker
