#include "service/sessions/account_machine.h"

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/model/failure.h"

namespace credbroker {

AccountMachine::AccountMachine(AccountWorld& world, UpstreamAccount account,
                               std::shared_ptr<const Credential> credential, uint64_t generation)
    : world_(world),
      account_(std::move(account)),
      credential_(std::move(credential)),
      served_(world.cache, account_.key, generation),
      waiters_(world.loop),
      queued_logins_(world.loop),
      logouts_(world, account_) {}

void AccountMachine::SetActivity(Activity activity) {
  if (auto* resting = std::get_if<Resting>(&activity_)) world_.loop.Cancel(resting->timer);
  if (auto* backing_off = std::get_if<BackingOff>(&activity_))
    world_.loop.Cancel(backing_off->timer);
  activity_ = std::move(activity);
}

// Nothing to do until the refresh is due, or, where nothing could renew the session now, until that
// changes or the session ends.
void AccountMachine::Rest() {
  Resting resting;
  if (served_.exists()) {
    const Session& session = *served_.get();
    resting.due = session.refresh_due;
    if (RenewalRefusal().has_value()) {
      resting.due = session.live_until;
      if (hold_.IsActive(Now())) resting.due = std::min(session.live_until, hold_.until());
    }
    resting.timer =
        world_.loop.After(*resting.due - Now(), [self = shared_from_this()] { self->OnDue(); });
  }
  SetActivity(std::move(resting));
  ReleasePlace();
}

void AccountMachine::BackOff(const absl::Status& failure) {
  const absl::Duration at_least = RetryAfterOf(failure).value_or(absl::ZeroDuration());
  const absl::Duration wait = Backoff(std::max(failures_, 1), world_.random.Fraction(), at_least);
  const TimerId timer = world_.loop.After(wait, [self = shared_from_this()] { self->OnDue(); });
  SetActivity(BackingOff{timer, Now() + wait, failure});
  ReleasePlace();
}

// The timer of Resting or BackingOff.
void AccountMachine::OnDue() {
  SetActivity(Resting{});
  if (!served_.exists()) return;  // The next caller tries again.
  if (RenewalRefusal().has_value()) {
    if (IsLive()) {
      Rest();
    } else {
      DropSession(WhyUnrenewable());
    }
    return;
  }
  // An idle session waits without a timer: the next caller renews it.
  if (IsIdle()) return;
  by_ = Initiator{};
  StartRenewal(/*urgent=*/false);
}

void AccountMachine::StartRenewal(bool urgent, Device device) {
  if (served_.CanRefresh()) {
    StartRefresh(urgent);
  } else {
    StartLogin(LoginPlan{credential_, std::move(device), {}, {}, false}, /*joinable=*/true,
               /*after_dead=*/served_.exists());
  }
}

// What had to wait for the exchange that has just ended.
void AccountMachine::Continue() {
  while (!IsExchanging()) {
    std::optional<QueuedLogin> next = queued_logins_.TakeOldest();
    if (!next.has_value()) break;
    DemandLogin(*std::move(next));
  }
  // Those who came while a discarded exchange was still running.
  if (IsExchanging() || waiters_.empty()) return;
  if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    AnswerAll(*refusal);
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    AnswerAll(*pause);
  } else {
    StartForOldest();
  }
}

// Makes the token the account's session. False if it is no longer live.
bool AccountMachine::Accept(IssuedToken token, std::shared_ptr<const Grant> grant,
                            std::string owner) {
  if (Now() >= LiveUntil(token)) return false;
  const bool is_login = !served_.exists() || served_.get()->grant != grant;
  const absl::Duration delay =
      RefreshDelay(world_.policy, token.lifetime, world_.random.Fraction());
  served_.Serve(std::move(token), std::move(grant),
                {account_.tenant, account_.tenant->session_header, std::move(owner), delay});
  Record(is_login ? AuditKind::kLogin : AuditKind::kRefresh, by_, "ok", std::nullopt,
         &served_.get()->access_token);
  failures_ = 0;
  last_error_.clear();
  Rest();
  if (!watchers_.empty()) HandOut();
  watchers_.Push(served_.get());
  AnswerAll(served_.get());
  return true;
}

// The session ends without a logout: upstream has ended it, or nothing can renew it.
void AccountMachine::DropSession(RevokedReason reason) {
  served_.Drop();
  watchers_.EndAll({reason, absl::OkStatus()});
  Rest();
}

void AccountMachine::NoteFailure(const absl::Status& failure, bool login) {
  ++failures_;
  const Reason reason = ReasonOf(failure).value_or(Reason::kUpstreamUnavailable);
  last_error_ = std::string(ReasonName(reason));
  RecordFailure(login, reason);
  Log(LogLevel::kWarning, login ? "login_failed" : "refresh_failed",
      {{"tenant", account_.key.tenant},
       {"account", DisplayName(account_.key)},
       {"reason", std::string(ReasonName(reason))},
       {"message", failure.message()},
       {"attempt", failures_},
       {"live", IsLive()}});
}

void AccountMachine::HoldBackFor(const absl::Status& failure, const std::string& fingerprint) {
  const Reason reason = ReasonOf(failure).value_or(Reason::kCredentialRejected);
  hold_.Reject(Now(), reason, fingerprint);
  // Others have no file that could change.
  if (credential_ != nullptr) world_.held.insert(account_.key);
  Record(AuditKind::kHeldBack, by_, "held", reason);
  Log(LogLevel::kError, "account_held_back",
      {{"tenant", account_.key.tenant},
       {"account", DisplayName(account_.key)},
       {"reason", std::string(ReasonName(reason))},
       {"hold_seconds", hold_.until() - Now()}});
}

void AccountMachine::CheckHeldCredential() {
  if (!hold_.IsActive(Now())) {
    world_.held.erase(account_.key);
    return;
  }
  if (credential_ == nullptr || std::exchange(checking_credential_, true)) return;
  world_.upstream.HasCredentialChanged(
      account_.key, credential_,
      [self = shared_from_this(), until = hold_.until(),
       rejections = hold_.rejections()](bool changed) {
        self->checking_credential_ = false;
        // A later rejection was perhaps of the very content that is called new here.
        const bool same = self->hold_.until() == until && self->hold_.rejections() == rejections;
        if (!changed || !same) return;
        self->ReleaseHold({});
        Log(LogLevel::kInfo, "hold_released",
            {{"tenant", self->account_.key.tenant}, {"account", DisplayName(self->account_.key)}});
        if (self->IsResting()) self->Rest();
      });
}

// Of a hold that is active, before it would have ended.
void AccountMachine::ReleaseHold(const Initiator& by) {
  Record(AuditKind::kHeldBack, by, "released", hold_.reason());
  hold_.Clear();
}

void AccountMachine::Kick() {
  if (!IsResting() || !served_.exists()) return;
  if (Now() >= served_.get()->refresh_due && !RenewalRefusal().has_value()) {
    by_ = Initiator{};
    StartRenewal(/*urgent=*/false);
  }
}

void AccountMachine::ReleasePlace() {
  const bool needed = served_.exists() || IsExchanging();
  if (has_place_ && !needed) {
    has_place_ = false;
    world_.capacity.GiveBack();
  }
}

void AccountMachine::Evict() {
  logouts_.Start(served_.Revocable(), absl::ZeroDuration());
  served_.Drop();
  Rest();
}

void AccountMachine::Abandon() { SetActivity(Resting{}); }

}  // namespace credbroker
