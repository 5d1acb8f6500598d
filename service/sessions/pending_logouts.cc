#include "service/sessions/pending_logouts.h"

#include <utility>

namespace credbroker {

PendingLogouts::PendingLogouts(AccountWorld& world, const UpstreamAccount& account)
    : world_(world), account_(account), waiting_(world.loop) {}

void PendingLogouts::Start(RevocableSession session, absl::Duration delay) {
  auto slot = std::make_shared<const Revocation*>(nullptr);
  auto revocation = Revocation::Start(
      {world_.loop, world_.upstream, world_.random, world_.gate, world_.outstanding}, account_,
      std::move(session), delay,
      [this, alive = std::weak_ptr<const bool>(alive_), slot](bool confirmed) {
        if (!alive.expired()) OnEnd(*slot, confirmed);
      });
  *slot = revocation.get();
  pending_.push_back(std::move(revocation));
  world_.outstanding.Remove(std::exchange(exchange_running_, 0));
}

void PendingLogouts::Expedite() {
  for (const auto& revocation : pending_) revocation->Expedite();
}

void PendingLogouts::Wait(CallId call, Instant deadline, Done done) {
  lost_ = false;
  waiting_.Add(call, deadline, std::move(done), [](Done late) { late(false); });
}

bool PendingLogouts::Cancel(CallId call, const absl::Status& status) {
  std::optional<Done> done = waiting_.Take(call);
  if (done.has_value()) (*done)(status);
  return done.has_value();
}

void PendingLogouts::AwaitExchange() {
  if (exchange_running_ == 0) exchange_running_ = world_.outstanding.Add(account_.key, nullptr);
}

void PendingLogouts::EndExchange() {
  const auto ended = std::exchange(exchange_running_, 0);
  AnswerIfNoneIsPending();
  world_.outstanding.Remove(ended);
}

void PendingLogouts::AnswerIfNoneIsPending() {
  if (!pending_.empty() || exchange_running_ != 0) return;
  for (Done& done : waiting_.TakeAll()) done(!lost_);
}

void PendingLogouts::OnEnd(const Revocation* ended, bool confirmed) {
  std::erase_if(pending_, [&](const auto& candidate) { return candidate.get() == ended; });
  lost_ = lost_ || !confirmed;
  AnswerIfNoneIsPending();
}

}  // namespace credbroker
