// What happens to sessions when the configured tenants change.

#include <functional>

#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TenantChangeTest : public SessionFixture {
 protected:
  // Another acme, as `change` makes it; beta stays as it is.
  void ChangeAcme(const std::function<void(Tenant&)>& change) {
    auto acme = std::make_shared<Tenant>(*tenants_[0]);
    change(*acme);
    tenants_[0] = std::move(acme);
    Replace(tenants_);
  }
  void Replace(const std::vector<std::shared_ptr<const Tenant>>& tenants) {
    manager_->ReplaceTenants(std::make_shared<const TenantDirectory>(tenants));
    loop_.RunPosted();
  }
  void RemoveAcme() { Replace({tenants_[1]}); }
  static bool Ended(const std::shared_ptr<WatchLog>& watch, RevokedReason reason) {
    return watch->end.has_value() && watch->end->revoked == reason;
  }
};

TEST_F(TenantChangeTest, RemovedTenantsSessionsAreLoggedOutAndItsWatchesEnd) {
  const auto watch = Watch();
  GetToken("two");
  GetToken("beta/one");
  RemoveAcme();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(Peek("two"), nullptr);
  EXPECT_TRUE(Ended(watch, RevokedReason::kTenantRemoved));
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1", "access-2"));
  EXPECT_THAT(List("acme"), IsEmpty());
  EXPECT_NE(Peek("beta/one"), nullptr);
}

// Rules and sessions do not change in the same moment.
TEST_F(TenantChangeTest, WhoeverIsMeantByOtherRulesIsHandedNobodyElsesToken) {
  GetToken();
  ASSERT_NE(Peek(), nullptr);
  const auto before = tenants_[0];
  auto another = std::make_shared<Tenant>(*before);
  another->accounts[0].email = "another@acme.example";
  auto moved = std::make_shared<Tenant>(*before);
  moved->base_url = "https://another.example/api";
  for (const auto& tenant : {another, moved}) {
    tenants_[0] = tenant;  // So is the target of what follows.
    EXPECT_EQ(Peek(), nullptr);
    const auto result = GetToken();
    ASSERT_TRUE(result->has_value());
    EXPECT_EQ(ReasonOf((*result)->status()), Reason::kUpstreamUnavailable);
  }
  // The other way round: the sessions are ahead of the rules.
  Replace({another, tenants_[1]});
  tenants_[0] = before;
  EXPECT_EQ(Peek(), nullptr);
  const auto result = GetToken();
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ(ReasonOf((*result)->status()), Reason::kUpstreamUnavailable);
  // Whatever else changes, it is the same user.
  auto patient = std::make_shared<Tenant>(*another);
  patient->request_timeout *= 2;
  tenants_[0] = patient;
  GetToken();
  EXPECT_NE(Peek(), nullptr);
}

TEST_F(TenantChangeTest, RemovedAccountIsLoggedOutAlone) {
  const auto watch = Watch("two");
  GetToken("one");
  ChangeAcme([](Tenant& acme) { acme.accounts.pop_back(); });
  EXPECT_TRUE(Ended(watch, RevokedReason::kTenantRemoved));
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_NE(Peek("one"), nullptr);
}

TEST_F(TenantChangeTest, WhatIsUnchangedIsUntouched) {
  const auto watch = Watch();
  const SessionPtr before = Peek();
  std::vector<std::shared_ptr<const Tenant>> same;
  for (const auto& tenant : tenants_) same.push_back(std::make_shared<Tenant>(*tenant));
  Replace(same);
  Settle();
  EXPECT_EQ(Peek(), before);
  EXPECT_FALSE(watch->end.has_value());
  EXPECT_EQ(upstream_.calls().size(), 1u);
  // And goes on as ever.
  Advance(kRefreshDelay);
  EXPECT_THAT(watch->generations, ElementsAre(1, 2));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

// All but the user and the upstream is about how to talk to it.
TEST_F(TenantChangeTest, OtherSettingsKeepTheSessionAndHoldFromTheNextExchange) {
  const auto watch = Watch();
  const SessionPtr before = Peek();
  ChangeAcme([](Tenant& acme) {
    acme.session_header = "X-Session";
    acme.mechanism = Mechanism::kScramSha256;
    acme.request_timeout = absl::Seconds(1);
    acme.proxy = "http://proxy:3128";
    acme.accounts[0].platform = "Other";
  });
  EXPECT_EQ(Peek(), before);
  EXPECT_FALSE(watch->end.has_value());
  Advance(kRefreshDelay);
  ASSERT_NE(Peek(), nullptr);
  EXPECT_EQ(Peek()->header_name, "X-Session");
  EXPECT_EQ(Peek()->generation, 2u);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
}

TEST_F(TenantChangeTest, AnotherEmailIsAnotherSessionWhoseGenerationsGoOn) {
  const auto watch = Watch();
  ChangeAcme([](Tenant& acme) { acme.accounts[0].email = "other@acme.example"; });
  EXPECT_EQ(Peek(), nullptr);
  // To be asked again: there is a session to be had.
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_FALSE(watch->end->revoked.has_value());
  EXPECT_EQ(ReasonOf(watch->end->status), Reason::kUpstreamUnavailable);
  EXPECT_EQ(RetryAfterOf(watch->end->status), absl::ZeroDuration());
  const auto token = GetToken();
  Settle();
  EXPECT_EQ(GenerationOf(token), 2u);
  ASSERT_EQ(upstream_.calls().size(), 3u);
  EXPECT_EQ(upstream_.calls()[2].email, "one@acme.example");
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

TEST_F(TenantChangeTest, AnotherBaseUrlIsAnotherSessionOfCallersOwnAccountsToo) {
  GetToken();
  PasswordLogin("me@x.example", "pw");
  ChangeAcme([](Tenant& acme) { acme.base_url = "https://elsewhere.example"; });
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_EQ(Peek("me@x.example", absl::ZeroDuration(), As("local")), nullptr);
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-2", "access-1"));
  EXPECT_EQ(GenerationOf(GetToken()), 2u);
}

TEST_F(TenantChangeTest, LateSessionOfALoginUnderTheOldEmailIsLoggedOut) {
  upstream_.Hold();
  const auto waiting = GetToken();
  ChangeAcme([](Tenant& acme) { acme.accounts[0].email = "other@acme.example"; });
  EXPECT_EQ(ReasonIn(waiting), Reason::kUpstreamUnavailable);
  const auto next = GetToken();
  upstream_.ReleaseOne();
  Settle();
  EXPECT_EQ(Peek(), nullptr);
  EXPECT_FALSE(next->has_value());
  upstream_.Release();
  Settle();
  EXPECT_EQ(TokenOf(next), "access-2");
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_EQ(upstream_.calls().back().email, "one@acme.example");
}

TEST_F(TenantChangeTest, NewTenantIsServedAtOnce) {
  RemoveAcme();
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kLoginRequired);
  Replace(tenants_);
  EXPECT_EQ(GenerationOf(GetToken()), 1u);
}

// Row 21 and the contract: a generation never stands for two tokens.
TEST_F(TenantChangeTest, GenerationsOfATenantThatComesBackGoOn) {
  GetToken();
  RemoveAcme();
  Settle();
  Advance(absl::Hours(1));
  manager_->Tidy();  // Forgets what is over.
  loop_.RunPosted();
  Replace(tenants_);
  EXPECT_EQ(GenerationOf(GetToken()), 2u);
}

TEST_F(TenantChangeTest, ExchangeThatWasRunningIsWaitedForWhenItsTenantComesBack) {
  upstream_.Hold();
  GetToken();
  RemoveAcme();
  Replace(tenants_);
  const auto token = GetToken();
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  upstream_.Release();
  Settle();
  EXPECT_EQ(TokenOf(token), "access-2");
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

// Row 6: nothing is won by removing an account for a moment.
TEST_F(TenantChangeTest, Row6HoldOutlivesARemoval) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  RemoveAcme();
  Replace(tenants_);
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(TenantChangeTest, AnotherPasswordFileEndsTheHoldAtOnceIfItHoldsAnotherPassword) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  upstream_.set_credential_changed(false);
  ChangeAcme([](Tenant& acme) { acme.accounts[0].password_file = "/nonexistent/moved"; });
  EXPECT_EQ(ReasonIn(GetToken()), Reason::kCredentialHeldBack);
  upstream_.set_credential_changed(true);
  ChangeAcme([](Tenant& acme) { acme.accounts[0].password_file = "/nonexistent/other"; });
  EXPECT_EQ(GenerationOf(GetToken()), 1u);
}

TEST_F(TenantChangeTest, Row32SecretThatCanBeReadAgainIsTriedAtOnce) {
  upstream_.FailNext(Kind::kLogin, Failure(Reason::kLoginRequired, "the file cannot be read"));
  GetToken();
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken("two");
  manager_->OnCredentialsChanged();
  loop_.RunPosted();
  EXPECT_EQ(GenerationOf(GetToken()), 1u);
  // That had another reason.
  EXPECT_EQ(ReasonIn(GetToken("two")), Reason::kUpstreamUnavailable);
}

TEST_F(TenantChangeTest, AnotherPasswordFileKeepsTheSession) {
  const auto watch = Watch();
  ChangeAcme([](Tenant& acme) { acme.accounts[0].password_file = "/nonexistent/other"; });
  EXPECT_NE(Peek(), nullptr);
  EXPECT_FALSE(watch->end.has_value());
}

TEST_F(TenantChangeTest, CallersOwnSessionsEndWithTheTenantsPermission) {
  PasswordLogin("me@x.example", "pw");
  const auto watch = Watch("me@x.example", As("local"));
  ChangeAcme([](Tenant& acme) { acme.caller_passwords = false; });
  EXPECT_TRUE(Ended(watch, RevokedReason::kLoggedOut));
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

TEST_F(TenantChangeTest, CallersOwnSessionEndsWhenItsAddressIsConfigured) {
  PasswordLogin("Me@x.example", "pw");
  ChangeAcme([](Tenant& acme) {
    acme.accounts.push_back({"me", "ME@x.example", "", "/nonexistent/me"});
  });
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

// It was let in under the configuration before.
TEST_F(TenantChangeTest, LoginThatComesAfterTheRemovalMakesNoSession) {
  const Target target = TargetOf("me@x.example");
  RemoveAcme();
  SessionManager::LoginOptions login;
  login.password = Secret::Copy("pw");
  std::optional<absl::Status> status;
  manager_->Login(target, std::move(login), As("local"),
                  [&](const auto& result) { status = result.status(); });
  loop_.RunPosted();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(ReasonOf(*status), Reason::kUpstreamUnavailable);
  EXPECT_THAT(upstream_.calls(), IsEmpty());
}

TEST_F(TenantChangeTest, LogoutThatWaitsIsAnsweredAfterTheRemoval) {
  GetToken();
  upstream_.Hold();
  const auto logout = Logout();
  RemoveAcme();
  Settle();
  upstream_.Release();
  Settle();
  ASSERT_TRUE(logout->has_value());
  EXPECT_TRUE((*logout)->ok() && (*logout)->value());
}

TEST_F(TenantChangeTest, PlacesOfWhatWasRemovedAreFree) {
  SessionPolicy policy;
  policy.max_sessions = 1;
  Restart(policy);
  GetToken("one");
  ChangeAcme([](Tenant& acme) { acme.accounts.erase(acme.accounts.begin()); });
  EXPECT_EQ(GenerationOf(GetToken("two")), 1u);
}

}  // namespace
}  // namespace credbroker
