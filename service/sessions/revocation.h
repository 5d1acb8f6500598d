#ifndef CREDBROKER_SERVICE_SESSIONS_REVOCATION_H_
#define CREDBROKER_SERVICE_SESSIONS_REVOCATION_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/secret.h"
#include "service/sessions/exchange_gate.h"
#include "service/sessions/outstanding_revocations.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// What upstream still believes in and must be told to forget.
struct RevocableSession {
  Secret access_token;
  Instant access_token_expires;
  // Empty if it is dead already.
  Secret refresh_token;
};

// Ends one session upstream, however long that takes: with its access token, or, if that has ended,
// with one that it refreshes first, since the refresh token would live on otherwise. In passing
// failures it tries again, for seven days; then the session is counted as lost.
//
// Carries all that it needs: the account and its tenant may be gone meanwhile. Lives on the loop,
// and keeps itself alive until it has ended.
class Revocation : public std::enable_shared_from_this<Revocation> {
 public:
  // What is referred to outlives the loop's tasks.
  struct Parts {
    Loop& loop;
    Upstream& upstream;
    Random& random;
    ExchangeGate& gate;
    OutstandingRevocations& outstanding;
  };
  // Whether upstream has confirmed it. Called once, at the end.
  using Done = absl::AnyInvocable<void(bool confirmed)>;

  // Starts after `delay`.
  static std::shared_ptr<Revocation> Start(const Parts& parts, const UpstreamAccount& account,
                                           RevocableSession session, absl::Duration delay,
                                           Done done);

  // Starts now, if it has not started yet.
  void Expedite();

  // There is little time left: whatever it waits for it waits for no longer, and backs off from the
  // beginning again; but not before the moment that upstream has asked for (faults.md rows 3, 5).
  void Hasten();

  Revocation(const Parts& parts, const UpstreamAccount& account, RevocableSession session,
             Done done);

 private:
  void Schedule(absl::Duration delay);
  void Begin();
  void Run();
  void OnRefreshed(absl::StatusOr<IssuedToken> token);
  void OnLoggedOut(const absl::Status& status);
  void TryAgain(const absl::Status& status);
  void End(bool confirmed);

  const Parts parts_;
  const UpstreamAccount account_;
  RevocableSession session_;
  Done done_;
  const Instant give_up_;
  OutstandingRevocations::Id id_ = 0;
  int failures_ = 0;
  // Upstream does not want to be asked before.
  Instant not_before_ = Instant::InfinitePast();
  TimerId timer_ = 0;
  ExchangeGate::Ticket ticket_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_REVOCATION_H_
