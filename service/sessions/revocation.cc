#include "service/sessions/revocation.h"

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/model/failure.h"
#include "service/sessions/policy.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

constexpr absl::Duration kGiveUpAfter = absl::Hours(7 * 24);
// A forbidden account will not change its mind within seconds.
constexpr absl::Duration kForbiddenPause = absl::Minutes(5);

}  // namespace

Revocation::Revocation(const Parts& parts, const UpstreamAccount& account, RevocableSession session,
                       Done done)
    : parts_(parts),
      account_(account),
      session_(std::move(session)),
      done_(std::move(done)),
      give_up_(parts.loop.Now() + kGiveUpAfter) {}

std::shared_ptr<Revocation> Revocation::Start(const Parts& parts, const UpstreamAccount& account,
                                              RevocableSession session, absl::Duration delay,
                                              Done done) {
  auto revocation =
      std::make_shared<Revocation>(parts, account, std::move(session), std::move(done));
  revocation->id_ = parts.outstanding.Add(account.key, revocation);
  revocation->Schedule(parts.outstanding.hastened() ? absl::ZeroDuration() : delay);
  return revocation;
}

void Revocation::Schedule(absl::Duration delay) {
  timer_ = parts_.loop.After(delay, [self = shared_from_this()] { self->Begin(); });
}

void Revocation::Expedite() {
  // Only while the first wait lasts: once it has begun, a wait is a backoff.
  if (timer_ == 0 || failures_ > 0) return;
  parts_.loop.Cancel(timer_);
  Schedule(absl::ZeroDuration());
}

void Revocation::Hasten() {
  failures_ = 0;
  if (timer_ == 0) return;
  parts_.loop.Cancel(timer_);
  Schedule(std::max(not_before_ - parts_.loop.Now(), absl::ZeroDuration()));
}

void Revocation::Begin() {
  timer_ = 0;
  ticket_ =
      parts_.gate.Enter(account_.tenant->name, ExchangeKind::kLogout, /*urgent=*/failures_ == 0,
                        [self = shared_from_this()] { self->Run(); });
}

void Revocation::Run() {
  const auto self = shared_from_this();
  if (parts_.loop.Now() < session_.access_token_expires) {
    parts_.upstream.Logout(account_, session_.access_token,
                           [self](const absl::Status& status) { self->OnLoggedOut(status); });
  } else if (!session_.refresh_token.empty()) {
    parts_.upstream.Refresh(
        account_, session_.refresh_token,
        [self](absl::StatusOr<IssuedToken> token) { self->OnRefreshed(std::move(token)); });
  } else {
    // Nothing is left that upstream would accept. Not from inside Enter: it has not returned yet.
    parts_.loop.Post([self] { self->End(/*confirmed=*/true); });
  }
}

void Revocation::OnRefreshed(absl::StatusOr<IssuedToken> token) {
  if (token.ok() && parts_.loop.Now() >= token->sent + token->lifetime) {
    // Nor would the next one be of use, if asked for at once.
    TryAgain(ArrivedTooLate());
  } else if (token.ok()) {
    session_.access_token = std::move(token->access_token);
    session_.access_token_expires = token->sent + token->lifetime;
    Run();
  } else if (ReasonOf(token.status()) == Reason::kRefreshTokenDead) {
    End(/*confirmed=*/true);
  } else {
    TryAgain(token.status());
  }
}

void Revocation::OnLoggedOut(const absl::Status& status) {
  if (status.ok()) {
    End(/*confirmed=*/true);
    return;
  }
  if (ReasonOf(status) == Reason::kAccessTokenDead) {
    session_.access_token_expires = Instant::InfinitePast();
  }
  TryAgain(status);
}

void Revocation::TryAgain(const absl::Status& status) {
  parts_.gate.Leave(std::exchange(ticket_, 0));
  ++failures_;
  if (parts_.loop.Now() >= give_up_) {
    parts_.outstanding.NoteLost(account_.key, LogLevel::kError, "upstream was away for 7 days");
    End(/*confirmed=*/false);
    return;
  }
  const Reason reason = ReasonOf(status).value_or(Reason::kUpstreamUnavailable);
  if (reason == Reason::kAccessTokenDead && failures_ == 1) {
    Schedule(absl::ZeroDuration());  // It ended before its time: refresh at once.
    return;
  }
  absl::Duration pause = RetryAfterOf(status).value_or(absl::ZeroDuration());
  not_before_ = parts_.loop.Now() + pause;
  if (reason == Reason::kAccountForbidden) pause = std::max(pause, kForbiddenPause);
  Schedule(Backoff(failures_, parts_.random.Fraction(), pause));
}

void Revocation::End(bool confirmed) {
  if (ticket_ != 0) parts_.gate.Leave(std::exchange(ticket_, 0));
  std::exchange(done_, nullptr)(confirmed);
  parts_.outstanding.Remove(id_);
}

}  // namespace credbroker
