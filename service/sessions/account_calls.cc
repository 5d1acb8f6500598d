// What callers ask of an account.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "service/model/failure.h"
#include "service/sessions/account_machine.h"
#include "service/sessions/refusal.h"
#include "service/upstream/file_credential.h"

namespace credbroker {
namespace {

// Tells callers' passwords apart.
std::string Fingerprint(absl::string_view key, const Secret& password) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const absl::string_view bytes = password.RevealSecret();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

TokenOutcome OutcomeOf(const absl::Status& status, bool joined) {
  if (status.ok()) return joined ? TokenOutcome::kJoined : TokenOutcome::kFetched;
  switch (ReasonOf(status).value_or(Reason::kUpstreamUnavailable)) {
    case Reason::kCredentialHeldBack:
    case Reason::kLoginRequired:
    case Reason::kLifetimeUnattainable:
    case Reason::kCallerNotAllowed:
    case Reason::kOverloaded:
      return TokenOutcome::kRefused;
    default:
      return TokenOutcome::kFailed;
  }
}

}  // namespace

std::optional<absl::Status> AccountMachine::BackoffRefusal() const {
  const auto* backing_off = std::get_if<BackingOff>(&activity_);
  if (backing_off == nullptr) return std::nullopt;
  return WithRetryAfter(backing_off->failure,
                        std::max(backing_off->until - Now(), absl::ZeroDuration()));
}

void AccountMachine::GetToken(CallId call, absl::Duration min_remaining, const CallOptions& options,
                              Done done) {
  TokenWaiter waiter{options, min_remaining, /*counted=*/true, /*joined=*/false, std::move(done)};
  const SessionPtr& session = served_.get();
  if (!served_.MayBeUsedBy(options.principals)) {
    Answer(std::move(waiter), BelongsToAnother());
  } else if (served_.exists() && !IsAttainable(min_remaining, session->lifetime)) {
    Answer(std::move(waiter), LifetimeUnattainable());
  } else if (IsLive() && session->expires - Now() >= min_remaining) {
    waiter.joined = true;  // It came while the caller was on its way here.
    Answer(std::move(waiter), session);
  } else {
    Demand(call, std::move(waiter));
  }
}

void AccountMachine::Login(CallId call, SessionManager::LoginOptions login,
                           const CallOptions& options, SessionManager::LoginDone done) {
  if (!served_.MayBeUsedBy(options.principals)) {
    done(BelongsToAnother());
    return;
  }
  const bool with_password = login.password.has_value();
  if (IsLive() && !login.force_new && !with_password) {
    served_.NoteHandedOut(Now());
    done(SessionManager::LoginResult{served_.get(), /*reused=*/true});
    return;
  }
  TokenWaiter waiter;
  waiter.options = options;
  waiter.done = [done = std::move(done)](absl::StatusOr<SessionPtr> session) mutable {
    if (!session.ok()) {
      done(session.status());
    } else {
      done(SessionManager::LoginResult{*std::move(session), /*reused=*/false});
    }
  };
  const bool past_hold = login.release_hold && hold_.IsActive(Now());
  if (!with_password && !login.force_new && !past_hold) {
    Demand(call, std::move(waiter));
    return;
  }
  QueuedLogin queued;
  queued.joinable = !with_password;
  queued.plan.credential = credential_;
  queued.plan.device = std::move(login.device);
  queued.plan.in_spite_of_hold = login.release_hold;
  if (with_password) {
    queued.plan.fingerprint = Fingerprint(world_.fingerprint_key, *login.password);
    queued.plan.credential = std::make_shared<CallerCredential>(*std::move(login.password));
    if (!options.principals.empty()) queued.plan.owner = options.principals.front();
  }
  queued.waiter = std::move(waiter);
  DemandLogin(call, std::move(queued));
}

void AccountMachine::Refresh(CallId call, std::optional<uint64_t> if_generation,
                             const CallOptions& options, Done done) {
  TokenWaiter waiter;
  waiter.options = options;
  waiter.done = std::move(done);
  if (!served_.MayBeUsedBy(options.principals)) {
    Answer(std::move(waiter), BelongsToAnother());
  } else if (IsLive() && if_generation.has_value() && *if_generation != served_.generation()) {
    Answer(std::move(waiter), served_.get());
  } else {
    Demand(call, std::move(waiter));
  }
}

// Waits for the next token; starts an exchange unless one is running.
void AccountMachine::Demand(CallId call, TokenWaiter waiter) {
  if (auto* exchange = std::get_if<Exchanging>(&activity_)) {
    waiter.joined = true;
    world_.gate.Promote(exchange->ticket);
    Wait(call, std::move(waiter));
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    Answer(std::move(waiter), *pause);
  } else if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    Answer(std::move(waiter), *refusal);
  } else {
    Wait(call, std::move(waiter));
    StartRenewal(/*urgent=*/true);
  }
}

// Waits for a login of its own, or for one like it that is running.
void AccountMachine::DemandLogin(CallId call, QueuedLogin login) {
  auto* exchange = std::get_if<Exchanging>(&activity_);
  if (!served_.MayBeUsedBy(login.waiter.options.principals)) {
    Answer(std::move(login.waiter), BelongsToAnother());
  } else if (exchange != nullptr && exchange->joinable && login.joinable && !exchange->discarded) {
    login.waiter.joined = true;
    Wait(call, std::move(login.waiter));
  } else if (exchange != nullptr) {
    const Instant deadline = login.waiter.options.deadline;
    queued_logins_.Add(call, deadline, std::move(login), [this](QueuedLogin late) {
      Answer(std::move(late.waiter), DeadlinePassed());
    });
  } else if (const auto refusal = LoginRefusal(login.plan); refusal.has_value()) {
    Answer(std::move(login.waiter), *refusal);
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    Answer(std::move(login.waiter), *pause);
  } else {
    Wait(call, std::move(login.waiter));
    StartLogin(std::move(login.plan), login.joinable, /*after_dead=*/false);
  }
}

void AccountMachine::Wait(CallId call, TokenWaiter waiter) {
  const Instant deadline = waiter.options.deadline;
  waiters_.Add(call, deadline, std::move(waiter),
               [this](TokenWaiter late) { Answer(std::move(late), DeadlinePassed()); });
}

void AccountMachine::Answer(TokenWaiter waiter, const absl::StatusOr<SessionPtr>& result) {
  absl::StatusOr<SessionPtr> answer = result;
  if (answer.ok() && !served_.MayBeUsedBy(waiter.options.principals)) answer = BelongsToAnother();
  if (answer.ok() && waiter.min_remaining > (*answer)->expires - Now()) {
    answer = LifetimeUnattainable();
  }
  if (answer.ok() && *answer == served_.get()) served_.NoteHandedOut(Now());
  if (waiter.counted) {
    world_.metrics.CountTokenRequest(account_.key.tenant,
                                     OutcomeOf(answer.status(), waiter.joined));
  }
  waiter.done(std::move(answer));
}

void AccountMachine::AnswerAll(const absl::StatusOr<SessionPtr>& result) {
  for (TokenWaiter& waiter : waiters_.TakeAll()) Answer(std::move(waiter), result);
}

void AccountMachine::Watch(CallId call, const CallOptions& options, SessionManager::OnToken token,
                           SessionManager::OnEnd end) {
  auto watcher = std::make_shared<Watcher>(Watcher{std::move(token), std::move(end)});
  TokenWaiter waiter;
  waiter.options = options;
  waiter.done = [this, call, watcher](absl::StatusOr<SessionPtr> session) {
    if (!session.ok()) {
      watcher->end(WatchEnd{std::nullopt, session.status()});
    } else {
      watcher->token(*session);
      watchers_.Add(call, std::move(*watcher));
    }
  };
  if (IsLive() || !served_.MayBeUsedBy(options.principals)) {
    Answer(std::move(waiter), served_.get());
  } else {
    Demand(call, std::move(waiter));
  }
}

void AccountMachine::Logout(CallId call, const CallOptions& options,
                            SessionManager::LogoutDone done) {
  if (!served_.MayBeUsedBy(options.principals) && !options.is_operator) {
    done(BelongsToAnother());
    return;
  }
  auto* exchange = std::get_if<Exchanging>(&activity_);
  // Its refresh token is in flight: the session is logged out when that is over.
  const bool refreshing = exchange != nullptr && exchange->started && !exchange->discarded &&
                          exchange->refreshing != nullptr;
  if (served_.exists() && !refreshing) logouts_.Start(served_.Revocable(), absl::ZeroDuration());
  if (exchange != nullptr && exchange->started) {
    exchange->discarded = true;
  } else if (exchange != nullptr) {
    world_.gate.Withdraw(exchange->ticket);
    SetActivity(Resting{});
  }
  logouts_.Expedite();
  served_.Drop();
  if (IsResting()) Rest();
  watchers_.EndAll(RevokedReason::kLoggedOut);
  EndCalls();
  if (logouts_.none_pending() && !IsExchanging()) {
    done(false);  // There was no session.
    return;
  }
  const Instant patience = Now() + account_.tenant->request_timeout;
  logouts_.Wait(call, std::min(patience, options.deadline), std::move(done));
}

// Those who wait for a token are told that the account was logged out.
void AccountMachine::EndCalls() {
  const absl::Status ended =
      Failure(Reason::kUpstreamUnavailable,
              "the account was logged out while the call waited: ask again", absl::ZeroDuration());
  AnswerAll(ended);
  for (QueuedLogin& queued : queued_logins_.TakeAll()) Answer(std::move(queued.waiter), ended);
}

void AccountMachine::Cancel(CallId call) {
  const absl::Status cancelled = absl::CancelledError("the caller cancelled the call");
  if (auto waiter = waiters_.Take(call); waiter.has_value()) {
    Answer(*std::move(waiter), cancelled);
  } else if (auto queued = queued_logins_.Take(call); queued.has_value()) {
    Answer(std::move(queued->waiter), cancelled);
  } else if (!logouts_.Cancel(call, cancelled)) {
    watchers_.End(call, cancelled);
  }
}

}  // namespace credbroker
