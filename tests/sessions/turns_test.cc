#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class TurnsTest : public SessionFixture {
 protected:
  void Limit(int overall, int refreshes) {
    SessionPolicy policy;
    policy.upstream_concurrency = overall;
    policy.refresh_concurrency = refreshes;
    Restart(policy);
  }
  // The accounts upstream was asked about, in order, since the first `skip` calls.
  std::vector<std::string> Served(size_t skip = 0) const {
    std::vector<std::string> accounts;
    const auto calls = upstream_.calls();
    for (size_t i = skip; i < calls.size(); ++i) {
      accounts.push_back(calls[i].key.tenant + "/" + calls[i].key.account);
    }
    return accounts;
  }
  void AnswerOneByOne() {
    while (upstream_.InFlight() > 0) {
      upstream_.ReleaseOne();
      loop_.RunPosted();
    }
  }
};

TEST_F(TurnsTest, ExchangesAreLimitedOverallAndTenantsServedInTurn) {
  Limit(1, 64);
  upstream_.Hold();
  GetToken("one");
  GetToken("two");
  PasswordLogin("ann@acme.example", "canary-password");
  GetToken("beta/one");
  EXPECT_EQ(upstream_.InFlight(), 1);
  AnswerOneByOne();
  EXPECT_EQ(Served(), (std::vector<std::string>{"acme/one", "acme/two", "beta/one",
                                                "acme/ann@acme.example"}));
}

TEST_F(TurnsTest, RefreshesAreLimitedForEachTenantAlone) {
  Limit(2048, 1);
  for (const char* account : {"one", "two", "beta/one"}) GetToken(account);
  upstream_.Hold();
  Advance(kRefreshDelay);
  EXPECT_EQ(Served(3), (std::vector<std::string>{"acme/one", "beta/one"}));
  AnswerOneByOne();
  EXPECT_EQ(Served(3), (std::vector<std::string>{"acme/one", "beta/one", "acme/two"}));
}

TEST_F(TurnsTest, LoginDoesNotWaitForTheRefreshesOfItsTenant) {
  Limit(2048, 1);
  GetToken("one");
  upstream_.Hold();
  Refresh();
  GetToken("two");
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
}

TEST_F(TurnsTest, RefreshThatSomebodyWaitsForOvertakesThoseAhead) {
  Limit(2048, 1);
  for (const char* account : {"ann@acme.example", "one", "two"}) {
    account[3] == '@' ? (void)PasswordLogin(account, "canary-password") : (void)GetToken(account);
  }
  upstream_.Hold();
  Advance(kRefreshDelay);
  Refresh(std::nullopt, "two");
  AnswerOneByOne();
  EXPECT_EQ(Served(3), (std::vector<std::string>{"acme/ann@acme.example", "acme/two", "acme/one"}));
}

TEST_F(TurnsTest, LogoutsHaveTheirTurnToo) {
  Limit(1, 64);
  GetToken("one");
  upstream_.Hold();
  GetToken("two");
  const auto logout = Logout("one");
  Settle();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  AnswerOneByOne();
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
  EXPECT_TRUE((*logout)->value());
}

TEST_F(TurnsTest, FailedExchangesMakeWay) {
  Limit(1, 1);
  upstream_.FailNext(Kind::kLogin, Unavailable());
  upstream_.FailNext(Kind::kLogin, Rejected());
  upstream_.Hold();
  const auto first = GetToken("one");
  const auto second = GetToken("two");
  const auto third = GetToken("beta/one");
  AnswerOneByOne();
  EXPECT_EQ(ReasonIn(first), Reason::kUpstreamUnavailable);
  EXPECT_EQ(ReasonIn(second), Reason::kCredentialRejected);
  EXPECT_EQ(GenerationOf(third), 1u);
}

}  // namespace
}  // namespace credbroker
