// Who waits for an account's token, and what they are told.

#include <algorithm>
#include <utility>

#include "service/model/failure.h"
#include "service/sessions/account_machine.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

// What a logout overtook is not to come back at once: the exchange that it overtook, and the
// logout, want to end first.
constexpr absl::Duration kOvertakenPause = absl::Seconds(1);

TokenOutcome OutcomeOf(const absl::Status& status, TokenOutcome served_as) {
  if (status.ok()) return served_as;
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

// Waits for the next token; starts an exchange unless one is running. `device`: for a login that is
// started here.
void AccountMachine::Demand(TokenWaiter waiter, Device device) {
  served_.NoteAsked(Now());
  if (auto* exchange = std::get_if<Exchanging>(&activity_)) {
    waiter.served_as = TokenOutcome::kJoined;
    world_.gate.Promote(exchange->ticket);
    Wait(std::move(waiter));
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    Answer(std::move(waiter), *pause);
  } else if (const auto refusal = RenewalRefusal(); refusal.has_value()) {
    Answer(std::move(waiter), *refusal);
  } else if (const auto broke = AllowanceRefusal(waiter.options); broke.has_value()) {
    Answer(std::move(waiter), *broke);
  } else {
    by_ = Initiator::Of(waiter.options);
    Wait(std::move(waiter));
    StartRenewal(/*urgent=*/true, std::move(device));
  }
}

// Waits for a login of its own, or for one like it that is running.
void AccountMachine::DemandLogin(QueuedLogin login) {
  served_.NoteAsked(Now());
  auto* exchange = std::get_if<Exchanging>(&activity_);
  if (!served_.MayBeUsedBy(login.waiter.options.principals)) {
    Answer(std::move(login.waiter), BelongsToAnother());
  } else if (exchange != nullptr && exchange->joinable && login.joinable && !exchange->discarded) {
    login.waiter.served_as = TokenOutcome::kJoined;
    Wait(std::move(login.waiter));
  } else if (exchange != nullptr) {
    const CallId call = login.waiter.call;
    const Instant deadline = login.waiter.options.deadline;
    queued_logins_.Add(call, deadline, std::move(login), [this](QueuedLogin late) {
      Answer(std::move(late.waiter), DeadlinePassed());
    });
  } else if (const auto refusal = LoginRefusal(login.plan); refusal.has_value()) {
    Answer(std::move(login.waiter), *refusal);
  } else if (const auto pause = BackoffRefusal(); pause.has_value()) {
    Answer(std::move(login.waiter), *pause);
  } else if (const auto broke = AllowanceRefusal(login.waiter.options); broke.has_value()) {
    Answer(std::move(login.waiter), *broke);
  } else {
    by_ = Initiator::Of(login.waiter.options);
    if (login.plan.in_spite_of_hold && hold_.IsActive(Now())) {
      Record(AuditKind::kHeldBack, by_, "released", hold_.reason());
    }
    Wait(std::move(login.waiter));
    StartLogin(std::move(login.plan), login.joinable, /*after_dead=*/false);
  }
}

void AccountMachine::Wait(TokenWaiter waiter) {
  const CallId call = waiter.call;
  const Instant deadline = waiter.options.deadline;
  waiters_.Add(call, deadline, std::move(waiter),
               [this](TokenWaiter late) { Answer(std::move(late), DeadlinePassed()); });
}

void AccountMachine::Answer(TokenWaiter waiter, const absl::StatusOr<SessionPtr>& result) {
  if (result.ok() && waiter.replaces == (*result)->generation) {
    // Only after a restart without a store: the generations have begun again.
    Demand(std::move(waiter));
    return;
  }
  absl::StatusOr<SessionPtr> answer = result;
  if (answer.ok() && !served_.MayBeUsedBy(waiter.options.principals)) answer = BelongsToAnother();
  if (answer.ok() && (!IsAttainable(waiter.min_remaining, (*answer)->lifetime) ||
                      waiter.min_remaining > (*answer)->expires - Now())) {
    answer = LifetimeUnattainable();
  }
  if (answer.ok()) HandOut();
  if (waiter.counted) {
    world_.metrics.CountTokenRequest(account_.key.tenant,
                                     OutcomeOf(answer.status(), waiter.served_as));
  }
  waiter.done(std::move(answer));
}

void AccountMachine::HandOut() {
  served_.NoteHandedOut(Now());
  // An idle session has no timer.
  const auto* resting = std::get_if<Resting>(&activity_);
  if (resting != nullptr && !resting->due.has_value()) Rest();
}

void AccountMachine::AnswerAll(const absl::StatusOr<SessionPtr>& result) {
  for (TokenWaiter& waiter : waiters_.TakeAll()) Answer(std::move(waiter), result);
}

std::optional<absl::Status> AccountMachine::BackoffRefusal() const {
  const auto* backing_off = std::get_if<BackingOff>(&activity_);
  if (backing_off == nullptr) return std::nullopt;
  return WithRetryAfter(backing_off->failure,
                        std::max(backing_off->until - Now(), absl::ZeroDuration()));
}

// Charges the caller for an exchange.
std::optional<absl::Status> AccountMachine::AllowanceRefusal(const CallOptions& options) {
  if (options.principals.empty()) return std::nullopt;
  const absl::Status charged = world_.allowance.Charge(options.principals.front(), Now());
  return charged.ok() ? std::nullopt : std::optional<absl::Status>(charged);
}

// Starts an exchange for those who wait, on behalf of the oldest who may start one.
void AccountMachine::StartForOldest() {
  while (std::optional<TokenWaiter> oldest = waiters_.TakeOldest()) {
    if (const auto broke = AllowanceRefusal(oldest->options); broke.has_value()) {
      Answer(*std::move(oldest), *broke);
      continue;
    }
    by_ = Initiator::Of(oldest->options);
    Wait(*std::move(oldest));
    StartRenewal(/*urgent=*/true);
    return;
  }
}

// Those who wait for a token wait in vain.
void AccountMachine::EndCalls(absl::string_view why) {
  const absl::Status ended = Failure(Reason::kUpstreamUnavailable, why, kOvertakenPause);
  AnswerAll(ended);
  for (QueuedLogin& queued : queued_logins_.TakeAll()) Answer(std::move(queued.waiter), ended);
}

}  // namespace credbroker
