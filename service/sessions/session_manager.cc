#include "service/sessions/session_manager.h"

#include <utility>

#include "service/sessions/account_table.h"
#include "service/sessions/refusal.h"

namespace credbroker {
namespace {

// The account's machine, or why there is none.
using Found = absl::StatusOr<std::shared_ptr<AccountMachine>>;

}  // namespace

absl::string_view StateName(SessionState state) {
  switch (state) {
    case SessionState::kAbsent:
      return "absent";
    case SessionState::kLoggingIn:
      return "logging_in";
    case SessionState::kLive:
      return "live";
    case SessionState::kRenewing:
      return "renewing";
    case SessionState::kBackingOff:
      return "backing_off";
    case SessionState::kHeldBack:
      return "held_back";
  }
  return "absent";
}

SessionManager::SessionManager(Parts parts, SessionPolicy policy, const TenantDirectory& tenants)
    : loop_(parts.loop),
      metrics_(parts.metrics),
      accounts_(std::make_unique<AccountTable>(parts, policy, cache_, tenants)) {}

SessionManager::~SessionManager() = default;

namespace {

// A call may have been let in under the rules of a configuration that the sessions do not know yet,
// or know no more: then the account of this name is somebody else's.
bool IsMeant(const Target& target, const std::shared_ptr<const Tenant>& tenant) {
  return target.tenant == tenant || IsSameUser(target.key, *target.tenant, *tenant);
}

}  // namespace

SessionManager::SessionPtr SessionManager::Peek(const Target& target, absl::Duration min_remaining,
                                                const std::vector<std::string>& principals) {
  const Instant now = loop_.Now();
  SessionPtr hit;
  bool kick = false;
  const AccountKey& key = target.key;
  cache_.Read(key, [&](Published& published) {
    const Session& session = *published.session;
    if (!session.IsLiveAt(now) || session.expires - now < min_remaining ||
        !IsAttainable(min_remaining, session.lifetime) ||
        !BelongsToAny(published.owner, principals) || !IsMeant(target, published.tenant)) {
      return;
    }
    published.last_used.store(absl::ToInt64Nanoseconds(now.since_boot()),
                              std::memory_order_relaxed);
    kick = now >= session.refresh_due && !published.kicked.exchange(true);
    hit = published.session;
  });
  if (hit == nullptr) return nullptr;
  if (kick) Kick(key);
  metrics_.CountTokenRequest(key.tenant,
                             IsOverdue(*hit, now) ? TokenOutcome::kStale : TokenOutcome::kHit);
  return hit;
}

void SessionManager::Kick(const AccountKey& key) {
  loop_.Post([this, key] {
    if (const auto machine = accounts_->Find(key); machine != nullptr) machine->Kick();
  });
}

// Runs `use` on the loop with the account's machine. The end of the call, told by the callback that
// `use` is given to wrap, makes the table forget it.
template <typename Use>
CallId SessionManager::OnLoop(Target target, bool add, Use use) {
  const CallId call = ++last_call_;
  loop_.Post([this, call, add, target = std::move(target), use = std::move(use)]() mutable {
    Found machine = accounts_->Find(target.key);
    if (*machine == nullptr && add) machine = accounts_->FindOrAdd(target);
    if (machine.ok() && *machine == nullptr) machine = LoginRequired();
    if (machine.ok() && !IsMeant(target, (*machine)->account().tenant)) {
      machine = ConfigurationChanged();
    }
    if (machine.ok()) accounts_->Remember(call, *machine);
    use(call, machine);
  });
  return call;
}

template <typename Result>
absl::AnyInvocable<void(Result)> SessionManager::Ending(CallId call,
                                                        absl::AnyInvocable<void(Result)> done) {
  return [this, call, done = std::move(done)](Result result) mutable {
    accounts_->Forget(call);
    done(std::move(result));
  };
}

CallId SessionManager::GetToken(Target target, absl::Duration min_remaining, CallOptions options,
                                Done done) {
  const std::string tenant = target.key.tenant;
  return OnLoop(std::move(target), /*add=*/false,
                [this, tenant, min_remaining, options = std::move(options), done = std::move(done)](
                    CallId call, const Found& machine) mutable {
                  if (!machine.ok()) {
                    metrics_.CountTokenRequest(tenant, TokenOutcome::kRefused);
                    done(machine.status());
                    return;
                  }
                  (*machine)->GetToken(call, min_remaining, options, Ending(call, std::move(done)));
                });
}

CallId SessionManager::Login(Target target, LoginOptions login, CallOptions options,
                             LoginDone done) {
  const bool add = login.password.has_value();
  return OnLoop(std::move(target), add,
                [this, login = std::move(login), options = std::move(options),
                 done = std::move(done)](CallId call, const Found& machine) mutable {
                  if (!machine.ok()) {
                    done(machine.status());
                    return;
                  }
                  (*machine)->Login(call, std::move(login), options, Ending(call, std::move(done)));
                });
}

CallId SessionManager::Refresh(Target target, std::optional<uint64_t> if_generation,
                               CallOptions options, Done done) {
  return OnLoop(std::move(target), /*add=*/false,
                [this, if_generation, options = std::move(options), done = std::move(done)](
                    CallId call, const Found& machine) mutable {
                  if (!machine.ok()) {
                    done(machine.status());
                    return;
                  }
                  (*machine)->Refresh(call, if_generation, options, Ending(call, std::move(done)));
                });
}

CallId SessionManager::Logout(Target target, CallOptions options, LogoutDone done) {
  return OnLoop(std::move(target), /*add=*/false,
                [this, options = std::move(options), done = std::move(done)](
                    CallId call, const Found& machine) mutable {
                  if (!machine.ok()) {
                    const bool is_absent = ReasonOf(machine.status()) == Reason::kLoginRequired;
                    done(is_absent ? absl::StatusOr<bool>(false) : machine.status());
                    return;
                  }
                  (*machine)->Logout(call, options, Ending(call, std::move(done)));
                });
}

CallId SessionManager::Watch(Target target, CallOptions options, OnToken token, OnEnd end) {
  return OnLoop(std::move(target), /*add=*/false,
                [this, options = std::move(options), token = std::move(token),
                 end = std::move(end)](CallId call, const Found& machine) mutable {
                  if (!machine.ok()) {
                    end(WatchEnd{std::nullopt, machine.status()});
                    return;
                  }
                  (*machine)->Watch(call, options, std::move(token), Ending(call, std::move(end)));
                });
}

void SessionManager::Cancel(CallId call) {
  loop_.Post([this, call] { accounts_->Cancel(call); });
}

void SessionManager::List(std::string tenant, AccountKey after, size_t limit, ListDone done) {
  loop_.Post([this, tenant = std::move(tenant), after = std::move(after), limit,
              done = std::move(done)]() mutable { done(accounts_->List(tenant, after, limit)); });
}

void SessionManager::Measure(GaugesDone done) {
  loop_.Post([this, done = std::move(done)]() mutable { done(accounts_->Measure()); });
}

void SessionManager::SetUpstreamRate(std::optional<int> per_caller) {
  loop_.Post([this, per_caller] { accounts_->SetUpstreamRate(per_caller); });
}

void SessionManager::ReplaceTenants(std::shared_ptr<const TenantDirectory> tenants) {
  loop_.Post([this, tenants = std::move(tenants)]() mutable {
    accounts_->ReplaceTenants(std::move(tenants));
  });
}

void SessionManager::OnCredentialsChanged() {
  loop_.Post([this] { accounts_->OnCredentialsChanged(); });
}

void SessionManager::HastenRevocations() {
  loop_.Post([this] { accounts_->outstanding().Hasten(); });
}

void SessionManager::EndRevocations(Instant deadline, absl::AnyInvocable<void()> done) {
  loop_.Post([this, deadline, done = std::move(done)]() mutable {
    accounts_->outstanding().End(deadline, std::move(done));
  });
}

void SessionManager::Tidy() {
  loop_.Post([this] {
    accounts_->CheckHeldCredentials();
    cache_.Reclaim();
  });
}

}  // namespace credbroker
