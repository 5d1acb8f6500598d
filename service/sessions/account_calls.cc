// What callers ask of an account: the other half of AccountMachine, beside its exchanges.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/model/failure.h"
#include "service/sessions/account_machine.h"
#include "service/upstream/file_credential.h"

namespace credbroker {
namespace {

// More than this share of the lifetime cannot be asked for: a token must be able to age.
constexpr double kMostOfLifetime = 0.9;

absl::Status NotAllowed() {
  return Failure(Reason::kCallerNotAllowed, "the session belongs to another caller");
}

absl::Status LoginRequired() {
  return Failure(Reason::kLoginRequired, "no live session, and no credential to make one: log in");
}

absl::Status Unattainable() {
  return Failure(Reason::kLifetimeUnattainable,
                 "min_remaining_lifetime is more than 0.9 of the lifetime that upstream grants");
}

absl::Status DeadlineExceeded() {
  return absl::DeadlineExceededError("the call's deadline passed; what it waited for goes on");
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

Instant AccountMachine::LastUsed() const {
  if (published_ == nullptr) return last_used_;
  return std::max(last_used_, Instant::FromBoot(absl::Nanoseconds(published_->last_used.load())));
}

// Reads the marks that readers have left on the published session.
void AccountMachine::NoteUse() {
  if (session_ == nullptr) return;
  const Instant used = LastUsed();
  if (used > last_used_) handed_out_until_ = session_->expires;
  last_used_ = used;
}

bool AccountMachine::IsIdle() const {
  return watchers_.empty() && Now() - LastUsed() >= world_.policy.idle_timeout;
}

bool AccountMachine::MayUse(const CallOptions& options) const {
  if (session_ == nullptr || owner_.empty()) return true;
  return std::find(options.principals.begin(), options.principals.end(), owner_) !=
         options.principals.end();
}

std::optional<absl::Status> AccountMachine::LoginRefusal(const LoginPlan& plan) const {
  if (plan.credential == nullptr) return LoginRequired();
  if (plan.in_spite_of_hold) return std::nullopt;
  return hold_.Refusal(Now(), plan.fingerprint);
}

std::optional<absl::Status> AccountMachine::RenewalRefusal() const {
  if (CanRefresh()) return std::nullopt;
  LoginPlan plan;
  plan.credential = credential_;
  return LoginRefusal(plan);
}

std::optional<absl::Status> AccountMachine::BackoffRefusal() const {
  const auto* backing_off = std::get_if<BackingOff>(&activity_);
  if (backing_off == nullptr) return std::nullopt;
  return WithRetryAfter(backing_off->failure,
                        std::max(backing_off->until - Now(), absl::ZeroDuration()));
}

void AccountMachine::GetToken(CallId call, absl::Duration min_remaining, const CallOptions& options,
                              Done done) {
  TokenWaiter waiter{options, min_remaining, /*counted=*/true, /*joined=*/false, std::move(done)};
  if (!MayUse(options)) {
    Answer(std::move(waiter), NotAllowed());
  } else if (session_ != nullptr && min_remaining > session_->lifetime * kMostOfLifetime) {
    Answer(std::move(waiter), Unattainable());
  } else if (IsLive() && session_->expires - Now() >= min_remaining) {
    waiter.joined = true;  // It came while the caller was on its way here.
    Answer(std::move(waiter), session_);
  } else {
    Demand(call, std::move(waiter));
  }
}

void AccountMachine::Login(CallId call, SessionManager::LoginOptions login,
                           const CallOptions& options, SessionManager::LoginDone done) {
  if (!MayUse(options)) {
    done(NotAllowed());
    return;
  }
  const bool with_password = login.password.has_value();
  if (IsLive() && !login.force_new && !with_password) {
    NoteUse();
    published_->last_used = absl::ToInt64Nanoseconds(Now().since_boot());
    done(SessionManager::LoginResult{session_, /*reused=*/true});
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
  queued.call = call;
  queued.joinable = !with_password;
  queued.plan.credential = credential_;
  queued.plan.device = std::move(login.device);
  queued.plan.in_spite_of_hold = login.release_hold;
  if (with_password) {
    queued.plan.fingerprint = Fingerprint(*login.password);
    queued.plan.credential = std::make_shared<CallerCredential>(*std::move(login.password));
    if (!options.principals.empty()) queued.plan.owner = options.principals.front();
  }
  DemandLogin(std::move(queued), std::move(waiter));
}

void AccountMachine::Refresh(CallId call, std::optional<uint64_t> if_generation,
                             const CallOptions& options, Done done) {
  TokenWaiter waiter;
  waiter.options = options;
  waiter.done = std::move(done);
  if (!MayUse(options)) {
    Answer(std::move(waiter), NotAllowed());
  } else if (IsLive() && if_generation.has_value() && *if_generation != session_->generation) {
    Answer(std::move(waiter), session_);
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
void AccountMachine::DemandLogin(QueuedLogin login, TokenWaiter waiter) {
  auto* exchange = std::get_if<Exchanging>(&activity_);
  const CallId call = login.call;
  if (!MayUse(waiter.options)) {
    Answer(std::move(waiter), NotAllowed());
  } else if (exchange != nullptr && exchange->joinable && login.joinable && !exchange->discarded) {
    waiter.joined = true;
    Wait(call, std::move(waiter));
  } else if (exchange != nullptr) {
    const Instant deadline = waiter.options.deadline;
    queued_logins_.push_back(std::move(login));
    queued_waiters_.Add(call, deadline, std::move(waiter),
                        [this](TokenWaiter late) { Answer(std::move(late), DeadlineExceeded()); });
  } else if (const auto refusal = LoginRefusal(login.plan); refusal.has_value()) {
    Answer(std::move(waiter), *refusal);
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    Answer(std::move(waiter), *pause);
  } else {
    Wait(call, std::move(waiter));
    StartLogin(std::move(login.plan), login.joinable, /*after_dead=*/false);
  }
}

// Those who queued for any login are content with the one that starts now.
void AccountMachine::AbsorbQueuedLogins() {
  std::erase_if(queued_logins_, [this](const QueuedLogin& queued) {
    if (!queued.joinable) return false;
    std::optional<TokenWaiter> waiter = queued_waiters_.Take(queued.call);
    if (waiter.has_value()) {
      waiter->joined = true;
      Wait(queued.call, *std::move(waiter));
    }
    return true;
  });
}

void AccountMachine::Wait(CallId call, TokenWaiter waiter) {
  const Instant deadline = waiter.options.deadline;
  waiters_.Add(call, deadline, std::move(waiter),
               [this](TokenWaiter late) { Answer(std::move(late), DeadlineExceeded()); });
}

void AccountMachine::Answer(TokenWaiter waiter, const absl::StatusOr<SessionPtr>& result) {
  absl::StatusOr<SessionPtr> answer = result;
  if (answer.ok() && !MayUse(waiter.options)) answer = NotAllowed();
  if (answer.ok() && waiter.min_remaining > (*answer)->expires - Now()) answer = Unattainable();
  if (answer.ok() && *answer == session_) {
    published_->last_used = absl::ToInt64Nanoseconds(Now().since_boot());
    handed_out_until_ = session_->expires;
  }
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
      watchers_.emplace(call, std::move(*watcher));
    }
  };
  if (IsLive() || !MayUse(options)) {
    Answer(std::move(waiter), session_);
  } else {
    Demand(call, std::move(waiter));
  }
}

void AccountMachine::EndWatches(RevokedReason reason) {
  const auto ending = std::exchange(watchers_, {});
  for (auto& [call, watcher] : ending) {
    const_cast<Watcher&>(watcher).end(WatchEnd{reason, absl::OkStatus()});
  }
}

void AccountMachine::Logout(CallId call, const CallOptions& options,
                            SessionManager::LogoutDone done) {
  if (!MayUse(options) && !options.is_operator) {
    done(NotAllowed());
    return;
  }
  auto* exchange = std::get_if<Exchanging>(&activity_);
  const bool refreshing = exchange != nullptr && exchange->started && !exchange->discarded &&
                          exchange->refreshing != nullptr;
  if (session_ != nullptr && !refreshing) Revoke(Revocable(), absl::ZeroDuration());
  if (exchange != nullptr && exchange->started) {
    exchange->discarded = true;
  } else if (exchange != nullptr) {
    world_.gate.Withdraw(exchange->ticket);
    SetActivity(Resting{});
  }
  for (const auto& revocation : std::vector(revocations_)) revocation->Expedite();
  Forget();
  if (std::holds_alternative<Resting>(activity_)) Rest();
  EndWatches(RevokedReason::kLoggedOut);
  const absl::Status ended =
      Failure(Reason::kUpstreamUnavailable,
              "the account was logged out while the call waited: ask again", absl::ZeroDuration());
  AnswerAll(ended);
  queued_logins_.clear();
  for (TokenWaiter& waiter : queued_waiters_.TakeAll()) Answer(std::move(waiter), ended);

  const bool discarding = std::holds_alternative<Exchanging>(activity_);
  if (revocations_.empty() && !discarding) {
    done(false);  // There was no session.
    return;
  }
  revocation_lost_ = false;
  const Instant patience = Now() + account_.tenant->request_timeout;
  logouts_.Add(call, std::min(patience, options.deadline), LogoutWaiter{std::move(done)},
               [](LogoutWaiter late) { late.done(false); });
}

void AccountMachine::AnswerLogouts(bool confirmed) {
  for (LogoutWaiter& waiter : logouts_.TakeAll()) waiter.done(confirmed);
}

void AccountMachine::Cancel(CallId call) {
  const absl::Status cancelled = absl::CancelledError("the caller cancelled the call");
  if (auto waiter = waiters_.Take(call); waiter.has_value()) {
    Answer(*std::move(waiter), cancelled);
  } else if (auto queued = queued_waiters_.Take(call); queued.has_value()) {
    Answer(*std::move(queued), cancelled);
  } else if (auto logout = logouts_.Take(call); logout.has_value()) {
    logout->done(cancelled);
  } else if (auto watcher = watchers_.find(call); watcher != watchers_.end()) {
    Watcher ending = std::move(watcher->second);
    watchers_.erase(watcher);
    ending.end(WatchEnd{std::nullopt, cancelled});
  }
}

void AccountMachine::Kick() {
  if (!std::holds_alternative<Resting>(activity_) || session_ == nullptr) return;
  if (Now() >= session_->refresh_due && !RenewalRefusal().has_value())
    StartRenewal(/*urgent=*/false);
}

void AccountMachine::CheckHeldCredential() {
  if (!hold_.IsActive(Now())) {
    world_.held.erase(account_.key);
    return;
  }
  if (credential_ == nullptr || std::exchange(checking_credential_, true)) return;
  world_.upstream.HasCredentialChanged(
      account_.key, credential_, [self = shared_from_this()](bool changed) {
        self->checking_credential_ = false;
        if (!changed) return;
        self->hold_.Clear();
        Log(LogLevel::kInfo, "hold_released",
            {{"tenant", self->account_.key.tenant}, {"account", DisplayName(self->account_.key)}});
        if (std::holds_alternative<Resting>(self->activity_)) self->Rest();
      });
}

SessionState AccountMachine::State() const {
  if (const auto* exchange = std::get_if<Exchanging>(&activity_)) {
    if (exchange->discarded) return SessionState::kAbsent;
    return exchange->kind == ExchangeKind::kRefresh || exchange->after_dead
               ? SessionState::kRenewing
               : SessionState::kLoggingIn;
  }
  if (std::holds_alternative<BackingOff>(activity_)) return SessionState::kBackingOff;
  if (session_ != nullptr) return SessionState::kLive;
  return hold_.IsActive(Now()) ? SessionState::kHeldBack : SessionState::kAbsent;
}

SessionRow AccountMachine::Row() const {
  SessionRow row;
  row.key = account_.key;
  row.state = State();
  row.generation = generation_;
  const Instant now = Now();
  const absl::Time wall = world_.loop.WallNow();
  if (session_ != nullptr) {
    row.login_time = session_->grant->login_time;
    row.expire_time = session_->expire_time;
  }
  if (const auto* resting = std::get_if<Resting>(&activity_);
      resting != nullptr && resting->due.has_value() && !RenewalRefusal().has_value()) {
    row.next_refresh_time = wall + (*resting->due - now);
  } else if (const auto* backing_off = std::get_if<BackingOff>(&activity_)) {
    row.next_refresh_time = wall + (backing_off->until - now);
  }
  if (hold_.IsActive(now)) row.hold_end_time = wall + (hold_.until() - now);
  row.consecutive_failures = static_cast<uint32_t>(failures_);
  row.last_error = last_error_;
  row.watchers = static_cast<uint32_t>(watchers_.size());
  return row;
}

std::optional<Instant> AccountMachine::IdleFrom() const {
  if (session_ == nullptr || !std::holds_alternative<Resting>(activity_) || !watchers_.empty()) {
    return std::nullopt;
  }
  return LastUsed() > last_used_ ? session_->expires : handed_out_until_;
}

void AccountMachine::Evict() {
  Revoke(Revocable(), absl::ZeroDuration());
  Forget();
  Rest();
}

bool AccountMachine::IsForgettable() const {
  return session_ == nullptr && std::holds_alternative<Resting>(activity_) && waiters_.empty() &&
         logouts_.empty() && revocations_.empty() && watchers_.empty() && !hold_.IsActive(Now());
}

void AccountMachine::Abandon() {
  SetActivity(Resting{});
  revocations_.clear();
}

std::string AccountMachine::Fingerprint(const Secret& password) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const absl::string_view key = world_.fingerprint_key;
  const absl::string_view bytes = password.RevealSecret();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace credbroker
