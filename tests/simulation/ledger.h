#ifndef CREDBROKER_TESTS_SIMULATION_LEDGER_H_
#define CREDBROKER_TESTS_SIMULATION_LEDGER_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "service/model/failure.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/hold_model.h"
#include "tests/simulation/invariant.h"
#include "tests/simulation/simulated_upstream.h"
#include "tests/simulation/trace.h"

namespace credbroker::simulation {

// What the broker has been told of a session, and what it has decided about it.
struct SessionRecord {
  // It heard of the login's success.
  bool known = false;
  // It serves it no more: logged out, superseded, evicted, or never published.
  std::optional<Instant> retired;
  // Upstream forbade its refresh, and so it was let go.
  bool dropped = false;
  // It heard 416; it heard that the logout is done.
  bool dead = false;
  bool ended = false;
  int refreshes_in_flight = 0;
  int logouts_in_flight = 0;
  // The principal that it belongs to; empty: to all.
  std::string owner;
  // Until when somebody may hold one of its tokens.
  Instant handed_out_until = Instant::InfinitePast();
};

// What can be known of an account from outside: by its row, its requests and its answers.
struct AccountModel {
  bool remembered = false;
  SessionState state = SessionState::kAbsent;
  uint64_t generation = 0;
  // By generation; 0 is none.
  std::vector<int> tokens = {-1};
  // The session that is served; -1: none.
  int session = -1;
  // The request that is its exchange; 0: none. An exchange that was running at a logout is
  // discarded.
  int exchange = 0;
  bool discarded = false;
  // When it was decided that there should be one.
  Instant exchange_since;
  // Upstream asked for a pause until then.
  Instant not_before = Instant::InfinitePast();
  std::optional<Reason> last_failure;
  HoldModel hold;
  // When somebody was last handed its token.
  Instant last_used = Instant::InfinitePast();
  // The last login because of a dead refresh token, and whose.
  Instant dead_login_at = Instant::InfinitePast();
  int dead_login_session = -1;

  bool exchanging() const {
    return state == SessionState::kLoggingIn || state == SessionState::kRenewing;
  }
};

// What has happened since the last look.
struct Step {
  struct Answer {
    RequestKind kind;
    size_t account;
    int session;
    int token;
    absl::Status status;
    bool exchange;
    bool discarded;
  };
  struct HandOut {
    Call* call;
    int token;
    uint64_t generation;
  };
  struct End {
    Call* call;
    absl::Status status;
    std::optional<RevokedReason> revoked;
    bool confirmed;
  };
  std::optional<Answer> answer;
  Call* begun = nullptr;
  std::vector<HandOut> hand_outs;
  std::vector<End> ends;
  std::array<int, kAccounts> exchanges{};
  std::array<bool, kAccounts> dead_login{};
};

// The book that all rules read and write: what is known, and the first violation.
struct Ledger {
  SimulationLoop& loop;
  Truth& truth;
  const Setting& setting;
  Trace& trace;
  Coverage& coverage;

  std::array<AccountModel, kAccounts> accounts;
  std::vector<SessionRecord> sessions;
  Step step;
  std::optional<Violation> violation;

  Instant now() const { return loop.Now(); }
  AccountModel& account(size_t index) { return accounts[index]; }
  SessionRecord& session(int index);
  // Nobody is to be served it any more.
  void Retire(int session);
  // Nothing is tried again for that long, nor before the shortest backoff.
  void Pause(size_t account, absl::Duration at_least);
  // Whether a logout of that account has begun in this step, and was let through.
  bool LoggedOutNow(size_t account) const;

  // The token that is served now; -1: none.
  int TokenOf(size_t account) const;
  Instant EndOf(int token) const;
  // When it stops to count as live: min(5 s, lifetime ÷ 10) earlier.
  Instant LiveUntil(int token) const;
  bool MayUse(size_t account, const CallOptions& options) const;

  // Keeps the first.
  void Violate(Invariant invariant, std::string what);
};

// E.g. "acme/one".
std::string NameOfAccount(size_t account);
// E.g. "call 3 (get-token acme/one)".
std::string NameOfCall(const Call& call);

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_LEDGER_H_
