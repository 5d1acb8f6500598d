#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class SessionListTest : public SessionFixture {
 protected:
  int InState(const std::string& state) {
    for (const auto& [name, count] : Gauges().sessions) {
      if (name == state) return count;
    }
    return -1;
  }
  static std::vector<std::string> Names(const std::vector<SessionRow>& rows) {
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row.key.tenant + "/" + row.key.account);
    return names;
  }
};

TEST_F(SessionListTest, ConfiguredAccountsAreThereFromTheStart) {
  EXPECT_EQ(Names(List("")),
            (std::vector<std::string>{"acme/one", "acme/two", "beta/one", "beta/two"}));
  const SessionRow row = Row();
  EXPECT_EQ(row.state, SessionState::kAbsent);
  EXPECT_EQ(row.generation, 0u);
  EXPECT_FALSE(row.login_time.has_value());
  EXPECT_FALSE(row.expire_time.has_value());
  EXPECT_FALSE(row.next_refresh_time.has_value());
  EXPECT_FALSE(row.hold_end_time.has_value());
  EXPECT_EQ(InState("absent"), 2);
}

TEST_F(SessionListTest, PagesFollowEachOther) {
  PasswordLogin("ann@acme.example", "canary-password");
  EXPECT_EQ(Names(List("", {}, 2)),
            (std::vector<std::string>{"acme/ann@acme.example", "acme/one"}));
  EXPECT_EQ(Names(List("", {"acme", "one"}, 2)),
            (std::vector<std::string>{"acme/two", "beta/one"}));
  EXPECT_EQ(Names(List("", {"beta", "one"}, 2)), std::vector<std::string>{"beta/two"});
  EXPECT_TRUE(List("", {"beta", "two"}).empty());
}

TEST_F(SessionListTest, OneTenantsPagesHoldNoOthersAccounts) {
  EXPECT_EQ(Names(List("beta")), (std::vector<std::string>{"beta/one", "beta/two"}));
  EXPECT_EQ(Names(List("beta", {"acme", "two"})),
            (std::vector<std::string>{"beta/one", "beta/two"}));
  EXPECT_EQ(Names(List("acme", {"acme", "one"})), std::vector<std::string>{"acme/two"});
  EXPECT_TRUE(List("gamma").empty());
}

TEST_F(SessionListTest, LoginThatRunsIsLoggingIn) {
  upstream_.Hold();
  GetToken();
  EXPECT_EQ(Row().state, SessionState::kLoggingIn);
  EXPECT_EQ(InState("logging_in"), 1);
}

TEST_F(SessionListTest, LiveSessionShowsItsTimes) {
  const absl::Time now = loop_.WallNow();
  GetToken();
  const SessionRow row = Row();
  EXPECT_EQ(row.state, SessionState::kLive);
  EXPECT_EQ(row.generation, 1u);
  EXPECT_EQ(row.login_time, now);
  EXPECT_EQ(row.expire_time, now + kLifetime);
  EXPECT_EQ(row.next_refresh_time, now + kRefreshDelay);
  EXPECT_EQ(InState("live"), 1);
}

TEST_F(SessionListTest, LoginTimeOutlivesARefresh) {
  const absl::Time now = loop_.WallNow();
  GetToken();
  Advance(kRefreshDelay);
  EXPECT_EQ(Row().login_time, now);
  EXPECT_EQ(Row().expire_time, now + kRefreshDelay + kLifetime);
}

TEST_F(SessionListTest, RefreshThatRunsIsRenewing) {
  GetToken();
  upstream_.Hold();
  Refresh();
  EXPECT_EQ(Row().state, SessionState::kRenewing);
  EXPECT_EQ(InState("renewing"), 1);
}

TEST_F(SessionListTest, LoginAfterADeadRefreshTokenIsRenewingAndAForcedOneIsLoggingIn) {
  GetToken();
  upstream_.FailNext(Kind::kRefresh, Dead());
  upstream_.Hold();
  Refresh();
  upstream_.ReleaseOne();
  loop_.RunPosted();
  EXPECT_EQ(Row().state, SessionState::kRenewing);
  upstream_.Release();
  loop_.RunPosted();
  upstream_.Hold();
  Login(ForceNew());
  EXPECT_EQ(Row().state, SessionState::kLoggingIn);
}

TEST_F(SessionListTest, PassingFailureIsBackingOffAndSaysWhyAndUntilWhen) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Refresh();
  const SessionRow row = Row();
  EXPECT_EQ(row.state, SessionState::kBackingOff);
  EXPECT_EQ(row.consecutive_failures, 1u);
  EXPECT_EQ(row.last_error, "UPSTREAM_UNAVAILABLE");
  EXPECT_EQ(row.next_refresh_time, loop_.WallNow() + absl::Milliseconds(500));
  EXPECT_EQ(InState("backing_off"), 1);
}

TEST_F(SessionListTest, AccountWithoutASessionIsNotTriedAgainByItself) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  GetToken();
  EXPECT_EQ(Row().state, SessionState::kBackingOff);
  EXPECT_FALSE(Row().next_refresh_time.has_value());
  Advance(absl::Hours(1));
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(Row().state, SessionState::kAbsent);
}

TEST_F(SessionListTest, RejectedCredentialIsHeldBack) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken();
  const SessionRow row = Row();
  EXPECT_EQ(row.state, SessionState::kHeldBack);
  EXPECT_EQ(row.hold_end_time, loop_.WallNow() + absl::Minutes(5));
  EXPECT_EQ(row.last_error, "CREDENTIAL_REJECTED");
  EXPECT_EQ(InState("held_back"), 1);
  EXPECT_EQ(Gauges().held_back, 1);
  Advance(absl::Minutes(5));
  EXPECT_EQ(Row().state, SessionState::kAbsent);
  EXPECT_EQ(Gauges().held_back, 0);
}

TEST_F(SessionListTest, AccountThatIsHeldBackWithALiveSessionCountsAsBoth) {
  GetToken();
  upstream_.FailNext(Kind::kLogin, Rejected());
  Login(ForceNew());
  EXPECT_EQ(InState("live"), 1);
  EXPECT_EQ(Gauges().held_back, 1);
}

TEST_F(SessionListTest, ShortestRemainingLifeIsTheOutageThatCouldBeSurvived) {
  EXPECT_FALSE(Gauges().remaining_min.has_value());
  GetToken("one");
  Advance(absl::Seconds(100));
  GetToken("two");
  EXPECT_EQ(Gauges().remaining_min, absl::Seconds(200));
}

TEST_F(SessionListTest, SessionThatNobodyAsksForIsNoOutage) {
  SessionPolicy policy;
  policy.idle_timeout = absl::Minutes(10);
  Restart(policy);
  GetToken();
  Advance(absl::Hours(1));
  EXPECT_FALSE(Gauges().remaining_min.has_value());
}

TEST_F(SessionListTest, OutageThatHasOutlastedTheTokenLeavesNothing) {
  GetToken();
  upstream_.FailAlways(Kind::kRefresh, Unavailable());
  Advance(kLifetime);
  EXPECT_EQ(Gauges().remaining_min, absl::ZeroDuration());
}

TEST_F(SessionListTest, WatchersAreCounted) {
  Watch();
  Watch();
  EXPECT_EQ(Row().watchers, 2u);
}

}  // namespace
}  // namespace credbroker
