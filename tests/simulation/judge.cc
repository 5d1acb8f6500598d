#include "tests/simulation/judge.h"

#include <array>

#include "service/model/failure.h"

namespace credbroker::simulation {
namespace {

// What JwtLifetime makes of an absurd claim.
constexpr absl::Duration kLongestLifetime = absl::Hours(24);
constexpr absl::Duration kEndedLifetime = absl::Microseconds(1);

absl::Status Unavailable(std::optional<absl::Duration> retry_after = std::nullopt) {
  return Failure(Reason::kUpstreamUnavailable, "simulated", retry_after);
}
absl::Status Fail(Reason reason) { return Failure(reason, "simulated"); }

absl::Duration ThrottledFor(uint64_t index) {
  constexpr std::array kWaits = {1, 30, 60, 300};
  return absl::Seconds(kWaits[index % kWaits.size()]);
}

void Issue(Truth& truth, Request& request) {
  TrueToken token;
  token.session = request.session;
  // A login's token counts from its second message.
  const absl::Duration on_its_way = request.kind == RequestKind::kLogin
                                        ? (request.effective - request.sent) / 2
                                        : absl::ZeroDuration();
  token.sent = request.sent + on_its_way;
  token.sent_wall = request.sent_wall + on_its_way;
  token.lifetime = truth.account(request.account).lifetime;
  if (request.fault == Fault::kEnded) token.lifetime = kEndedLifetime;
  if (request.fault == Fault::kLongLived) token.lifetime = kLongestLifetime;
  token.ends = request.effective + token.lifetime;
  if (request.fault == Fault::kLongLived) token.ends = Instant::InfiniteFuture();
  request.token = truth.MakeToken(token);
}

void JudgeLogin(Truth& truth, Request& request) {
  Truth::Account& account = truth.account(request.account);
  if (request.fault == Fault::kUnreadable) {
    request.status = Fail(Reason::kLoginRequired);
    return;
  }
  account.last_presented = request.password;
  if (request.fault == Fault::kDead) {
    request.status = Fail(Reason::kUpstreamMalformed);
  } else if (request.fault == Fault::kRejected || request.password != account.password) {
    request.status = Fail(Reason::kCredentialRejected);
  } else {
    request.session = truth.MakeSession(request.account);
    Issue(truth, request);
    if (request.fault == Fault::kUntrusted) request.status = Fail(Reason::kUpstreamUntrusted);
    if (request.fault == Fault::kMalformed) request.status = Fail(Reason::kUpstreamMalformed);
  }
}

void JudgeRefresh(Truth& truth, Request& request) {
  if (request.session < 0) {
    request.status = Fail(Reason::kRefreshTokenDead);
    return;
  }
  TrueSession& session = truth.session(request.session);
  if (request.fault == Fault::kDead || request.fault == Fault::kRejected) session.alive = false;
  if (!session.alive) {
    request.status = Fail(Reason::kRefreshTokenDead);
    return;
  }
  Issue(truth, request);
  if (request.fault == Fault::kUntrusted || request.fault == Fault::kMalformed) {
    request.status = Fail(Reason::kUpstreamMalformed);
  }
}

void JudgeLogout(Truth& truth, Request& request) {
  if (request.token < 0) {
    request.status = Fail(Reason::kAccessTokenDead);
    return;
  }
  TrueToken& token = truth.token(request.token);
  TrueSession& session = truth.session(token.session);
  if (request.fault == Fault::kRejected) token.ends = request.effective;
  if (request.fault == Fault::kDead) session.alive = false;
  if (request.fault == Fault::kDead) return;  // 416: it has ended already.
  if (!session.alive || token.ends <= request.effective) {
    request.status = Fail(Reason::kAccessTokenDead);
    return;
  }
  session.alive = false;
  if (request.fault == Fault::kMalformed || request.fault == Fault::kUntrusted) {
    request.status = Fail(Reason::kUpstreamMalformed);
  }
}

}  // namespace

void Judge(Truth& truth, Request& request) {
  Truth::Account& account = truth.account(request.account);
  if (request.kind == RequestKind::kCheck) {
    request.changed = request.fault != Fault::kUnreadable && !account.last_presented.empty() &&
                      account.file != account.last_presented;
    return;
  }
  if (request.fault == Fault::kUnreachable) {
    request.status = Unavailable();
  } else if (request.fault == Fault::kThrottled) {
    request.status = Unavailable(ThrottledFor(static_cast<uint64_t>(request.id)));
  } else if (request.fault == Fault::kForbidden) {
    request.status = Fail(Reason::kAccountForbidden);
  } else if (request.kind == RequestKind::kLogin) {
    JudgeLogin(truth, request);
  } else if (request.kind == RequestKind::kRefresh) {
    JudgeRefresh(truth, request);
  } else {
    JudgeLogout(truth, request);
  }
  if (request.fault == Fault::kLostAnswer) request.status = Unavailable();
}

}  // namespace credbroker::simulation
