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

}  // namespace

void AccountMachine::GetToken(CallId call, absl::Duration min_remaining, const CallOptions& options,
                              Done done) {
  TokenWaiter waiter{call,
                     options,
                     min_remaining,
                     /*replaces=*/std::nullopt,
                     /*counted=*/true,
                     TokenOutcome::kFetched,
                     std::move(done)};
  const SessionPtr& session = served_.get();
  if (!served_.MayBeUsedBy(options.principals)) {
    Answer(std::move(waiter), BelongsToAnother());
  } else if (!IsAttainable(min_remaining, served_.lifetime())) {
    Answer(std::move(waiter), LifetimeUnattainable());
  } else if (IsLive() && session->expires - Now() >= min_remaining) {
    // It came while the caller was on its way here.
    waiter.served_as = IsOverdue(*session, Now()) ? TokenOutcome::kStale : TokenOutcome::kHit;
    Answer(std::move(waiter), session);
  } else {
    Demand(std::move(waiter));
  }
}

void AccountMachine::Login(CallId call, SessionManager::LoginOptions login,
                           const CallOptions& options, SessionManager::LoginDone done) {
  if (!served_.MayBeUsedBy(options.principals)) {
    done(BelongsToAnother());
    return;
  }
  const bool with_password = login.password.has_value();
  // An operator who releases a hold wants to know whether the credential works now.
  const bool past_hold = login.release_hold && hold_.IsActive(Now());
  if (IsLive() && !login.force_new && !with_password && !past_hold) {
    HandOut();
    done(SessionManager::LoginResult{served_.get(), /*reused=*/true});
    return;
  }
  TokenWaiter waiter;
  waiter.call = call;
  waiter.options = options;
  waiter.done = [done = std::move(done)](absl::StatusOr<SessionPtr> session) mutable {
    if (!session.ok()) {
      done(session.status());
    } else {
      done(SessionManager::LoginResult{*std::move(session), /*reused=*/false});
    }
  };
  if (!with_password && !login.force_new && !past_hold) {
    Demand(std::move(waiter), std::move(login.device));
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
  DemandLogin(std::move(queued));
}

void AccountMachine::Refresh(CallId call, std::optional<uint64_t> if_generation,
                             const CallOptions& options, Done done) {
  TokenWaiter waiter;
  waiter.call = call;
  waiter.options = options;
  waiter.done = std::move(done);
  waiter.replaces = if_generation;
  if (!served_.MayBeUsedBy(options.principals)) {
    Answer(std::move(waiter), BelongsToAnother());
  } else if (IsLive() && if_generation.has_value() && *if_generation != served_.generation()) {
    Answer(std::move(waiter), served_.get());
  } else {
    Demand(std::move(waiter));
  }
}

void AccountMachine::Watch(CallId call, const CallOptions& options, SessionManager::OnToken token,
                           SessionManager::OnEnd end) {
  auto watcher = std::make_shared<Watcher>(Watcher{std::move(token), std::move(end)});
  TokenWaiter waiter;
  waiter.call = call;
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
    Demand(std::move(waiter));
  }
}

bool AccountMachine::MayLogOut(const CallOptions& options) const {
  if (options.is_operator) return true;
  const auto* exchange = std::get_if<Exchanging>(&activity_);
  const bool logging_in = exchange != nullptr && !exchange->discarded;
  return served_.MayBeUsedBy(options.principals) &&
         (!logging_in || BelongsToAny(exchange->plan.owner, options.principals));
}

// Ends the session here at once, and upstream: that of an exchange that is running too, once it is
// over.
void AccountMachine::LogOut(const Initiator& by) {
  auto* exchange = std::get_if<Exchanging>(&activity_);
  if (served_.exists() || (exchange != nullptr && !exchange->discarded)) {
    Record(AuditKind::kLogout, by, "ok", std::nullopt,
           served_.exists() ? &served_.get()->access_token : nullptr);
  }
  // Its refresh token is in flight: the session is logged out when that is over.
  const bool refreshing = exchange != nullptr && exchange->started && !exchange->discarded &&
                          exchange->refreshing != nullptr;
  if (served_.exists() && !refreshing) logouts_.Start(served_.Revocable(), absl::ZeroDuration());
  if (exchange != nullptr && exchange->started) {
    exchange->discarded = true;
    logouts_.AwaitExchange();
  } else if (exchange != nullptr) {
    world_.gate.Withdraw(exchange->ticket);
    SetActivity(Resting{});
  }
  logouts_.Expedite();
  served_.Drop();
  if (IsResting()) Rest();
  ReleasePlace();
}

void AccountMachine::Logout(CallId call, const CallOptions& options,
                            SessionManager::LogoutDone done) {
  if (!MayLogOut(options)) {
    done(BelongsToAnother());
    return;
  }
  LogOut(Initiator::Of(options));
  watchers_.EndAll({RevokedReason::kLoggedOut, absl::OkStatus()});
  EndCalls("the account was logged out while the call waited: ask again");
  if (logouts_.none_pending() && !IsExchanging()) {
    done(false);  // There was no session.
    return;
  }
  const Instant patience = Now() + account_.tenant->request_timeout;
  logouts_.Wait(call, std::min(patience, options.deadline), std::move(done));
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
