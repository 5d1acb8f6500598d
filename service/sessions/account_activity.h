#ifndef CREDBROKER_SERVICE_SESSIONS_ACCOUNT_ACTIVITY_H_
#define CREDBROKER_SERVICE_SESSIONS_ACCOUNT_ACTIVITY_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "service/base/loop.h"
#include "service/ops/metrics.h"
#include "service/sessions/exchange_gate.h"
#include "service/sessions/session_manager.h"
#include "service/upstream/upstream.h"

// What an AccountMachine does at a time, and who waits for it.

namespace credbroker {

// A call that wants the account's next token.
struct TokenWaiter {
  CallId call = 0;
  CallOptions options;
  absl::Duration min_remaining;
  // A generation that must not be the answer.
  std::optional<uint64_t> replaces;
  bool counted = false;  // A GetToken: credbroker_token_requests_total.
  // What it counts as if it gets a token.
  TokenOutcome served_as = TokenOutcome::kFetched;
  SessionManager::Done done;
};
// On whose behalf something is done; empty: the broker's own.
struct Initiator {
  std::string principal;
  std::string peer;
  std::string rpc;

  static Initiator Of(const CallOptions& options) {
    return {options.principals.empty() ? "" : options.principals.front(), options.peer,
            options.rpc};
  }
};
// How a login is to run.
struct LoginPlan {
  std::shared_ptr<const Credential> credential;
  Device device;
  // Tells a caller's passwords apart; empty for a configured account, as is the owner.
  std::string fingerprint;
  // The principal that the session will belong to.
  std::string owner;
  bool in_spite_of_hold = false;
};
// A login that must wait for the exchange that is running.
struct QueuedLogin {
  LoginPlan plan;
  // Any other forced login will do: it is to run with the configured credential.
  bool joinable = false;
  TokenWaiter waiter;
};

// Nothing runs. `due`: when the timer will look again.
struct Resting {
  TimerId timer = 0;
  std::optional<Instant> due;
};
// An exchange with upstream runs, or waits for its turn.
struct Exchanging {
  ExchangeKind kind = ExchangeKind::kLogin;
  ExchangeGate::Ticket ticket = 0;
  bool started = false;
  // The account was logged out meanwhile: see AccountMachine.
  bool discarded = false;
  // Any forced login may join: it runs with the configured credential.
  bool joinable = false;
  // A login because the refresh token was dead.
  bool after_dead = false;
  // The session whose refresh token is in flight.
  SessionPtr refreshing;
  LoginPlan plan;
};
// The last exchange failed in passing; `failure` is what callers get meanwhile.
struct BackingOff {
  TimerId timer = 0;
  Instant until;
  absl::Status failure;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_ACCOUNT_ACTIVITY_H_
