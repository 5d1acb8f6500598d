// What is to be seen of an account from outside.

#include <utility>

#include "service/sessions/account_machine.h"

namespace credbroker {

bool AccountMachine::IsIdle() const {
  return watchers_.empty() && Now() >= served_.HandedOutUntil() &&
         Now() - served_.LastUsed() >= world_.policy.idle_timeout;
}

bool AccountMachine::IsEvictable() const {
  return served_.exists() && IsResting() && watchers_.empty() && Now() >= served_.HandedOutUntil();
}

SessionState AccountMachine::State() const {
  if (const auto* exchange = std::get_if<Exchanging>(&activity_)) {
    if (exchange->discarded) return SessionState::kAbsent;
    return exchange->kind == ExchangeKind::kRefresh || exchange->after_dead
               ? SessionState::kRenewing
               : SessionState::kLoggingIn;
  }
  if (std::holds_alternative<BackingOff>(activity_)) return SessionState::kBackingOff;
  if (served_.exists()) return SessionState::kLive;
  return hold_.IsActive(Now()) ? SessionState::kHeldBack : SessionState::kAbsent;
}

SessionRow AccountMachine::Row() const {
  SessionRow row;
  row.key = account_.key;
  row.state = State();
  row.generation = served_.generation();
  const Instant now = Now();
  const absl::Time wall = world_.loop.WallNow();
  if (served_.exists()) {
    row.login_time = served_.get()->grant->login_time;
    row.expire_time = served_.get()->expire_time;
  }
  if (const auto* resting = std::get_if<Resting>(&activity_);
      resting != nullptr && resting->due.has_value() && !RenewalRefusal().has_value()) {
    row.next_refresh_time = wall + (*resting->due - now);
  } else if (const auto* backing_off = std::get_if<BackingOff>(&activity_);
             backing_off != nullptr && served_.exists()) {
    row.next_refresh_time = wall + (backing_off->until - now);
  }
  if (hold_.IsActive(now)) row.hold_end_time = wall + (hold_.until() - now);
  row.consecutive_failures = static_cast<uint32_t>(failures_);
  row.last_error = last_error_;
  row.watchers = static_cast<uint32_t>(watchers_.size());
  return row;
}

bool AccountMachine::IsForgettable() const {
  return !served_.exists() && IsResting() && waiters_.empty() && watchers_.empty() &&
         logouts_.empty() && !hold_.IsActive(Now());
}

}  // namespace credbroker
