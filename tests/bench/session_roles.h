#ifndef CREDBROKER_TESTS_BENCH_SESSION_ROLES_H_
#define CREDBROKER_TESTS_BENCH_SESSION_ROLES_H_

#include <nlohmann/json.hpp>

namespace credbroker {

// Both are for a process of their own, and say what they found.

// Logs `tenants` x `accounts` accounts in, hands each token out once, and weighs what that took,
// the configuration not counted: `heap_bytes` that malloc has handed out, `resident_bytes` that the
// process has grown by. `token_bytes`: an access token and a refresh token.
nlohmann::json WeighSessions(int tenants, int accounts);

// As many sessions with tokens of 5 minutes, logged in over one period of refreshing (or, if
// `at_once`, in one second) and then left alone for `minutes`: the real session code on a loop and
// a clock that are driven by hand, so that an hour takes seconds. CPU time is real, the minutes are
// simulated: their quotient is the share of a core that the sessions would take. Upstream answers
// after 50 ms.
nlohmann::json RefreshSteadily(int tenants, int accounts, int minutes, bool at_once);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_SESSION_ROLES_H_
