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
#include "tests/fakes/fake_random.h"
#include "tests/fakes/fake_upstream.h"
#include "tests/fakes/manual_loop.h"

namespace credbroker {

// A SessionManager on a loop that the test drives, with an upstream that the test decides about.
// Tenant "acme" has the accounts "one" and "two" and allows caller passwords; its tokens live for 5
// minutes, so they are refreshed after 201 s (no jitter: the fake draws the middle).
class SessionFixture : public testing::Test {
 protected:
  using Kind = FakeUpstream::Kind;
  using SessionPtr = std::shared_ptr<const Session>;
  using Result = std::optional<absl::StatusOr<SessionPtr>>;

  static constexpr absl::Duration kRefreshDelay = absl::Seconds(201);
  static constexpr absl::Duration kLifetime = absl::Minutes(5);
  static constexpr absl::Duration kSlack = absl::Seconds(5);

  SessionFixture() { Restart(SessionPolicy{}); }

  void Restart(const SessionPolicy& policy) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = "acme";
    tenant->caller_passwords = true;
    tenant->accounts = {{"one", "one@acme.example", "Cms", "/nonexistent/one"},
                        {"two", "two@acme.example", "", "/nonexistent/two"}};
    tenant_ = tenant;
    manager_ =
        std::make_unique<SessionManager>(SessionManager::Parts{loop_, upstream_, random_, metrics_},
                                         policy, TenantDirectory({tenant_}));
  }

  Target TargetOf(const std::string& account) const {
    return {tenant_, {"acme", account}, account.find('@') == std::string::npos ? "" : account};
  }

  CallOptions As(const std::string& principal) const {
    CallOptions options;
    options.principals = {principal};
    return options;
  }

  // The result appears once the loop has run far enough.
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
                                  const std::string& account = "one") {
    auto result = std::make_shared<Result>();
    manager_->Refresh(TargetOf(account), if_generation, {},
                      [result](auto session) { *result = std::move(session); });
    loop_.RunPosted();
    return result;
  }

  using LoginResult = std::optional<absl::StatusOr<SessionManager::LoginResult>>;
  std::shared_ptr<LoginResult> Login(SessionManager::LoginOptions login = {},
                                     const std::string& account = "one", CallOptions options = {}) {
    auto result = std::make_shared<LoginResult>();
    manager_->Login(TargetOf(account), std::move(login), std::move(options),
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
    manager_->Logout(TargetOf(account), std::move(options),
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

  SessionPtr Peek(const std::string& account = "one", CallOptions options = {}) {
    return manager_->Peek({"acme", account}, absl::ZeroDuration(), options);
  }

  SessionRow Row(const std::string& account = "one") {
    std::vector<SessionRow> rows;
    manager_->List("acme", {}, 1000, [&](std::vector<SessionRow> all) { rows = std::move(all); });
    loop_.RunPosted();
    for (const SessionRow& row : rows) {
      if (row.key.account == account) return row;
    }
    ADD_FAILURE() << "no row";
    return {};
  }

  void Advance(absl::Duration duration) { loop_.Advance(duration); }

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
  template <typename T>
  static std::optional<Reason> ReasonIn(
      const std::shared_ptr<std::optional<absl::StatusOr<T>>>& result) {
    if (!result->has_value()) return std::nullopt;
    return ReasonOf((*result)->status());
  }

  ManualLoop loop_;
  FakeUpstream upstream_{loop_};
  FakeRandom random_;
  Metrics metrics_{{"acme"}};
  std::shared_ptr<const Tenant> tenant_;
  std::unique_ptr<SessionManager> manager_;
  CallId last_call_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_SESSIONS_SESSION_FIXTURE_H_
