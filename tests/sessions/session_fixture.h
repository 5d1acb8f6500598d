#ifndef CREDBROKER_TESTS_SESSIONS_SESSION_FIXTURE_H_
#define CREDBROKER_TESTS_SESSIONS_SESSION_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/model/failure.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"
#include "tests/fakes/fake_audit.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_upstream.h"
#include "tests/fakes/manual_loop.h"

namespace credbroker {

// A SessionManager on a loop that the test drives, with an upstream that the test decides about.
// The tenants "acme" and "beta" have the accounts "one" and "two" each and allow caller passwords;
// tokens live for 5 minutes, so they are refreshed after 201 s (no jitter: the fake draws the
// middle), and the first backoff is half a second.
//
// An account is named as "one" (of acme) or "beta/one". A result appears once the loop has run far
// enough.
class SessionFixture : public testing::Test {
 protected:
  using Kind = FakeUpstream::Kind;
  using SessionPtr = std::shared_ptr<const Session>;
  using Result = std::optional<absl::StatusOr<SessionPtr>>;

  static constexpr absl::Duration kRefreshDelay = absl::Seconds(201);
  static constexpr absl::Duration kLifetime = absl::Minutes(5);
  static constexpr absl::Duration kSlack = absl::Seconds(5);

  static constexpr absl::Duration kTick = absl::Nanoseconds(1);

  SessionFixture() { Restart(SessionPolicy{}); }

  void Restart(const SessionPolicy& policy) {
    tenants_ = {MakeTenant("acme"), MakeTenant("beta")};
    manager_ = std::make_unique<SessionManager>(
        SessionManager::Parts{loop_, upstream_, random_, metrics_, &audit_}, policy,
        TenantDirectory(tenants_));
  }

  Target TargetOf(const std::string& account) const {
    const size_t slash = account.find('/');
    const bool beta = slash != std::string::npos;
    const std::string name = beta ? account.substr(slash + 1) : account;
    const auto& tenant = tenants_[beta ? 1 : 0];
    return {tenant, {tenant->name, name}, name.find('@') == std::string::npos ? "" : name};
  }

  CallOptions As(const std::string& principal) const {
    CallOptions options;
    options.principals = {principal};
    return options;
  }

  CallOptions Within(absl::Duration patience) const {
    CallOptions options;
    options.deadline = loop_.Now() + patience;
    return options;
  }

  std::shared_ptr<Result> GetToken(const std::string& account = "one",
                                   absl::Duration min_remaining = absl::ZeroDuration(),
                                   CallOptions options = {}) {
    auto result = std::make_shared<Result>();
    last_call_ = manager_->GetToken(TargetOf(account), min_remaining, std::move(options),
                                    [result](auto session) { *result = std::move(session); });
    loop_.RunPosted();
    return result;
  }

  std::shared_ptr<Result> Refresh(std::optional<uint64_t> if_generation = std::nullopt,
                                  const std::string& account = "one", CallOptions options = {}) {
    auto result = std::make_shared<Result>();
    last_call_ = manager_->Refresh(TargetOf(account), if_generation, std::move(options),
                                   [result](auto session) { *result = std::move(session); });
    loop_.RunPosted();
    return result;
  }

  using LoginResult = std::optional<absl::StatusOr<SessionManager::LoginResult>>;
  std::shared_ptr<LoginResult> Login(SessionManager::LoginOptions login = {},
                                     const std::string& account = "one", CallOptions options = {}) {
    auto result = std::make_shared<LoginResult>();
    last_call_ = manager_->Login(TargetOf(account), std::move(login), std::move(options),
                                 [result](auto session) { *result = std::move(session); });
    loop_.RunPosted();
    return result;
  }

  std::shared_ptr<LoginResult> PasswordLogin(const std::string& account,
                                             const std::string& password,
                                             const std::string& principal = "local") {
    SessionManager::LoginOptions login;
    login.password = Secret::Copy(password);
    return Login(std::move(login), account, As(principal));
  }

  static SessionManager::LoginOptions ForceNew() {
    SessionManager::LoginOptions login;
    login.force_new = true;
    return login;
  }

  static SessionManager::LoginOptions ReleaseHold() {
    SessionManager::LoginOptions login;
    login.release_hold = true;
    return login;
  }

  using LogoutResult = std::optional<absl::StatusOr<bool>>;
  std::shared_ptr<LogoutResult> Logout(const std::string& account = "one",
                                       CallOptions options = {}) {
    auto result = std::make_shared<LogoutResult>();
    last_call_ = manager_->Logout(TargetOf(account), std::move(options),
                                  [result](auto confirmed) { *result = std::move(confirmed); });
    loop_.RunPosted();
    return result;
  }

  struct WatchLog {
    std::vector<uint64_t> generations;
    std::optional<WatchEnd> end;
  };
  std::shared_ptr<WatchLog> Watch(const std::string& account = "one", CallOptions options = {}) {
    auto log = std::make_shared<WatchLog>();
    last_call_ = manager_->Watch(
        TargetOf(account), std::move(options),
        [log](const SessionPtr& session) { log->generations.push_back(session->generation); },
        [log](WatchEnd end) { log->end = std::move(end); });
    loop_.RunPosted();
    return log;
  }

  void Cancel(CallId call) {
    manager_->Cancel(call);
    loop_.RunPosted();
  }

  SessionPtr Peek(const std::string& account = "one",
                  absl::Duration min_remaining = absl::ZeroDuration(), CallOptions options = {}) {
    return manager_->Peek(TargetOf(account), min_remaining, options.principals);
  }

  std::vector<SessionRow> List(const std::string& tenant, AccountKey after = {},
                               size_t limit = 1000) {
    std::vector<SessionRow> rows;
    manager_->List(tenant, std::move(after), limit,
                   [&](std::vector<SessionRow> all) { rows = std::move(all); });
    loop_.RunPosted();
    return rows;
  }

  SessionRow Row(const std::string& account = "one") {
    const AccountKey key = TargetOf(account).key;
    for (const SessionRow& row : List(key.tenant)) {
      if (row.key == key) return row;
    }
    ADD_FAILURE() << "no row";
    return {};
  }

  // Of acme.
  TenantGauges Gauges() {
    std::vector<TenantGauges> all;
    manager_->Measure([&](std::vector<TenantGauges> gauges) { all = std::move(gauges); });
    loop_.RunPosted();
    return all.at(0);
  }

  // The samples of a counter of acme's, e.g. `credbroker_revocations_lost_total{tenant="acme"}`.
  double Counter(const std::string& series) const {
    const std::string text = "\n" + metrics_.Render();
    const size_t found = text.find("\n" + series + " ");
    if (found == std::string::npos) return -1;
    return std::stod(text.substr(found + series.size() + 2));
  }
  double TokenRequests(const std::string& outcome) const {
    return Counter("credbroker_token_requests_total{outcome=\"" + outcome + "\",tenant=\"acme\"}");
  }

  void Advance(absl::Duration duration) { loop_.Advance(duration); }
  // Runs what is due now.
  void Settle() { loop_.Advance(absl::ZeroDuration()); }

  static absl::Status Unavailable() {
    return Failure(Reason::kUpstreamUnavailable, "upstream is away");
  }
  static absl::Status Rejected() { return Failure(Reason::kCredentialRejected, "rejected"); }
  static absl::Status Forbidden() { return Failure(Reason::kAccountForbidden, "forbidden"); }
  static absl::Status Dead() { return Failure(Reason::kRefreshTokenDead, "dead"); }

  static std::string TokenOf(const std::shared_ptr<Result>& result) {
    if (!result->has_value() || !(*result)->ok()) return "no token";
    return std::string((**result).value()->access_token.RevealSecret());
  }
  static uint64_t GenerationOf(const std::shared_ptr<Result>& result) {
    return result->has_value() && (*result)->ok() ? (**result).value()->generation : 0;
  }
  template <typename T>
  static absl::Status StatusOf(const std::shared_ptr<std::optional<absl::StatusOr<T>>>& result) {
    return result->has_value() ? (*result)->status() : absl::UnknownError("not answered");
  }
  template <typename T>
  static std::optional<Reason> ReasonIn(
      const std::shared_ptr<std::optional<absl::StatusOr<T>>>& result) {
    return ReasonOf(StatusOf(result));
  }
  template <typename T>
  static std::optional<absl::Duration> RetryIn(
      const std::shared_ptr<std::optional<absl::StatusOr<T>>>& result) {
    return RetryAfterOf(StatusOf(result));
  }

  // The tokens that were presented in calls of that kind, in order.
  std::vector<std::string> Presented(Kind kind) const {
    std::vector<std::string> tokens;
    for (const auto& call : upstream_.calls()) {
      if (call.kind == kind) tokens.push_back(call.token);
    }
    return tokens;
  }

  ManualLoop loop_;
  FakeUpstream upstream_{loop_};
  FakeRandom random_;
  Metrics metrics_{{"acme", "beta"}};
  FakeAudit audit_;
  std::vector<std::shared_ptr<const Tenant>> tenants_;
  std::unique_ptr<SessionManager> manager_;
  CallId last_call_ = 0;

 private:
  static std::shared_ptr<const Tenant> MakeTenant(const std::string& name) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = name;
    tenant->caller_passwords = true;
    tenant->accounts = {{"one", "one@" + name + ".example", "Cms", "/nonexistent/one"},
                        {"two", "two@" + name + ".example", "", "/nonexistent/two"}};
    return tenant;
  }
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_SESSIONS_SESSION_FIXTURE_H_
