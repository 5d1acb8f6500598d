#ifndef CREDBROKER_SERVICE_SESSIONS_SESSION_MANAGER_H_
#define CREDBROKER_SERVICE_SESSIONS_SESSION_MANAGER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/secret.h"
#include "service/model/account_key.h"
#include "service/model/session.h"
#include "service/model/tenant.h"
#include "service/ops/audit_event.h"
#include "service/ops/metrics.h"
#include "service/sessions/policy.h"
#include "service/sessions/session_cache.h"
#include "service/upstream/upstream.h"

namespace credbroker {

class AccountTable;

// Which account a call is about, found in the configuration.
struct Target {
  std::shared_ptr<const Tenant> tenant;
  AccountKey key;
  // For a caller's own account: its e-mail address as the caller wrote it. Else empty.
  std::string email;
};

// On whose behalf a call waits, and how long.
struct CallOptions {
  // When the caller gives up: the call then fails with DEADLINE_EXCEEDED, and what it waited for
  // goes on for the others.
  Instant deadline = Instant::InfiniteFuture();
  // The caller's principals, for accounts that belong to whom logged them in.
  std::vector<std::string> principals;
  bool is_operator = false;
  // How the caller asks, for the audit log.
  std::string peer;
  std::string rpc;
};

// Where an account stands; see credbroker.v1.SessionState.
enum class SessionState { kAbsent, kLoggingIn, kLive, kRenewing, kBackingOff, kHeldBack };

// The state's name in lower case, e.g. "logging_in".
absl::string_view StateName(SessionState state);

// One account's session as operators see it; see credbroker.v1.Session.
struct SessionRow {
  AccountKey key;
  SessionState state = SessionState::kAbsent;
  uint64_t generation = 0;
  std::optional<absl::Time> login_time;
  std::optional<absl::Time> expire_time;
  std::optional<absl::Time> next_refresh_time;
  std::optional<absl::Time> hold_end_time;
  uint32_t consecutive_failures = 0;
  std::string last_error;
  uint32_t watchers = 0;
};

enum class RevokedReason { kLoggedOut, kCredentialRejected, kAccountForbidden, kTenantRemoved };

// How a watch ends: with a last message, or with a status.
struct WatchEnd {
  std::optional<RevokedReason> revoked;
  absl::Status status;
};

// Names a call that waits; see Cancel. Zero is none.
using CallId = uint64_t;

// The life of all sessions: one per account, kept fresh, shared by all callers. Front door of this
// folder.
//
// Every method is thread-safe and returns at once. Whatever takes time happens on the loop; `done`
// and the watch callbacks run there, exactly once per call, and must not block. Failures are those
// of model/failure.h, DEADLINE_EXCEEDED, or CANCELLED after Cancel.
class SessionManager {
 public:
  using SessionPtr = std::shared_ptr<const Session>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<SessionPtr>)>;

  // What is referred to outlives the manager. Nothing may run on the loop while the manager is
  // destroyed: stop it first.
  struct Parts {
    Loop& loop;
    Upstream& upstream;
    Random& random;
    Metrics& metrics;
    // Null: nothing is recorded.
    AuditSink* audit = nullptr;
  };
  SessionManager(Parts parts, SessionPolicy policy, const TenantDirectory& tenants);
  ~SessionManager();

  // The live token, from memory, without waiting for anything or anybody. Null if there is none
  // with at least `min_remaining` of life, if it belongs to another caller, or if the target is
  // another user by now, or was until now. Counts the hit.
  SessionPtr Peek(const Target& target, absl::Duration min_remaining,
                  const std::vector<std::string>& principals);

  // A live token, refreshed or logged in first if need be.
  CallId GetToken(Target target, absl::Duration min_remaining, CallOptions options, Done done);

  struct LoginOptions {
    bool force_new = false;
    bool release_hold = false;
    Device device;
    // Only for a caller's own account, and then required.
    std::optional<Secret> password;
  };
  struct LoginResult {
    SessionPtr session;
    bool reused = false;
  };
  using LoginDone = absl::AnyInvocable<void(absl::StatusOr<LoginResult>)>;
  CallId Login(Target target, LoginOptions login, CallOptions options, LoginDone done);

  // A new token; with `if_generation`, only if that one is still current.
  CallId Refresh(Target target, std::optional<uint64_t> if_generation, CallOptions options,
                 Done done);

  // Ends the session. `done` gets whether upstream has confirmed it.
  using LogoutDone = absl::AnyInvocable<void(absl::StatusOr<bool>)>;
  CallId Logout(Target target, CallOptions options, LogoutDone done);

  // The token as GetToken would give it, then each new one, until `end`. `options.deadline` is for
  // the first token only: a failure to get it ends the watch.
  using OnToken = absl::AnyInvocable<void(SessionPtr)>;
  using OnEnd = absl::AnyInvocable<void(WatchEnd)>;
  CallId Watch(Target target, CallOptions options, OnToken token, OnEnd end);

  // Ends a call or a watch early, with CANCELLED. Harmless if it has ended. What it waited for goes
  // on.
  void Cancel(CallId call);

  // The accounts known now, in order of their keys, after `after` (empty: from the start), `limit`
  // at most, of `tenant` only unless it is empty.
  using ListDone = absl::AnyInvocable<void(std::vector<SessionRow>)>;
  void List(std::string tenant, AccountKey after, size_t limit, ListDone done);

  // The gauges of all tenants now.
  using GaugesDone = absl::AnyInvocable<void(std::vector<TenantGauges>)>;
  void Measure(GaugesDone done);

  // How many exchanges a second a caller may start; see UpstreamAllowance. No limit at first. Holds
  // for the calls that follow.
  void SetUpstreamRate(std::optional<int> per_caller);

  // What is configured from now on, replaced whole. Accounts that are configured no more, and those
  // with another e-mail address or base URL, are logged out: watches of the former end with
  // kTenantRemoved. The others keep their session; what else has changed holds from the next
  // exchange on. An account with another credential is held back no more, unless its content is
  // what was rejected. Callers' own accounts are logged out where the tenant no longer takes
  // passwords, or has an account of this address now.
  void ReplaceTenants(std::shared_ptr<const TenantDirectory> tenants);

  // Some accounts' secrets hold something else than before: what was refused for want of a secret,
  // or with the one before, may be tried again at once.
  void OnCredentialsChanged();

  // The process is about to end: sessions that upstream is yet to be told to forget are told of
  // now, however long they were to wait. Everything else goes on.
  void HastenRevocations();
  // Calls `done` once upstream has been told of all; what it has not been told of at `deadline` is
  // counted and logged as lost. Nothing is to be asked of the manager afterwards.
  void EndRevocations(Instant deadline, absl::AnyInvocable<void()> done);

  // Lets go of every hold whose credential's content has changed since it was rejected, and of old
  // tokens that a reader was looking at when they were replaced. To be called every second.
  void Tidy();

 private:
  template <typename Use>
  CallId OnLoop(Target target, bool add, Use use);
  // `done`, which also makes the table forget the call.
  template <typename Result>
  absl::AnyInvocable<void(Result)> Ending(CallId call, absl::AnyInvocable<void(Result)> done);
  void Kick(const AccountKey& key);

  Loop& loop_;
  Metrics& metrics_;
  SessionCache cache_;
  std::atomic<CallId> last_call_ = 0;
  // Lives on the loop.
  std::unique_ptr<AccountTable> accounts_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_SESSION_MANAGER_H_
