#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

class CallerPasswordTest : public SessionFixture {
 protected:
  static constexpr char kAccount[] = "ann@acme.example";
  static constexpr char kPassword[] = "canary-password";

  void LogInAnn() { ASSERT_TRUE(StatusOf(PasswordLogin(kAccount, kPassword, "ann")).ok()); }
};

TEST_F(CallerPasswordTest, ExchangeRunsWithThePasswordAndTheAddress) {
  LogInAnn();
  const auto login = upstream_.calls().at(0);
  EXPECT_EQ(login.password, kPassword);
  EXPECT_EQ(login.email, kAccount);
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann"))->generation, 1u);
}

TEST_F(CallerPasswordTest, ExchangeAlwaysRunsAlthoughThereIsALiveSession) {
  LogInAnn();
  const auto again = PasswordLogin(kAccount, kPassword, "ann");
  ASSERT_TRUE(StatusOf(again).ok());
  EXPECT_FALSE((**again)->reused);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  Advance(absl::Seconds(30));
  EXPECT_EQ(Presented(Kind::kLogout), std::vector<std::string>{"access-1"});
}

TEST_F(CallerPasswordTest, PasswordThatIsWrongByNowEndsNoSession) {
  LogInAnn();
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-wrong", "ann")), Reason::kCredentialRejected);
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann"))->generation, 1u);
}

TEST_F(CallerPasswordTest, LoginsOfOneAccountRunOneAfterTheOther) {
  upstream_.Hold();
  const auto first = PasswordLogin(kAccount, kPassword, "ann");
  const auto second = PasswordLogin(kAccount, kPassword, "ann");
  EXPECT_EQ(upstream_.InFlight(), 1);
  upstream_.ReleaseOne();
  loop_.RunPosted();
  EXPECT_TRUE(StatusOf(first).ok());
  EXPECT_FALSE(second->has_value());
  EXPECT_EQ(upstream_.InFlight(), 1);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_EQ((**second)->session->generation, 2u);
}

TEST_F(CallerPasswordTest, SessionIsNobodyElses) {
  LogInAnn();
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("bob")), nullptr);
  EXPECT_EQ(ReasonIn(GetToken(kAccount, absl::ZeroDuration(), As("bob"))),
            Reason::kCallerNotAllowed);
  EXPECT_EQ(ReasonIn(Refresh(std::nullopt, kAccount, As("bob"))), Reason::kCallerNotAllowed);
  EXPECT_EQ(ReasonIn(Login({}, kAccount, As("bob"))), Reason::kCallerNotAllowed);
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, kPassword, "bob")), Reason::kCallerNotAllowed);
  EXPECT_EQ(ReasonIn(Logout(kAccount, As("bob"))), Reason::kCallerNotAllowed);
  const auto watch = Watch(kAccount, As("bob"));
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(ReasonOf(watch->end->status), Reason::kCallerNotAllowed);
  EXPECT_TRUE(watch->generations.empty());
  EXPECT_EQ(upstream_.calls().size(), 1u);
  EXPECT_EQ(TokenOf(GetToken(kAccount, absl::ZeroDuration(), As("ann"))), "access-1");
}

TEST_F(CallerPasswordTest, AnyOfTheCallersPrincipalsMayBeTheOwner) {
  LogInAnn();
  CallOptions options;
  options.principals = {"k8s:ns/ann", "ann"};
  EXPECT_NE(Peek(kAccount, absl::ZeroDuration(), options), nullptr);
}

TEST_F(CallerPasswordTest, LoginByAnotherPrincipalOfTheOwnersLeavesItToTheOwner) {
  LogInAnn();
  const auto watch = Watch(kAccount, As("ann"));
  SessionManager::LoginOptions login;
  login.password = Secret::Copy(kPassword);
  CallOptions options;
  options.principals = {"k8s:ns/ann", "ann"};
  EXPECT_TRUE(StatusOf(Login(std::move(login), kAccount, options)).ok());
  EXPECT_EQ(watch->generations, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(ReasonIn(GetToken(kAccount, absl::ZeroDuration(), As("k8s:ns/ann"))),
            Reason::kCallerNotAllowed);
  EXPECT_EQ(TokenOf(GetToken(kAccount, absl::ZeroDuration(), As("ann"))), "access-2");
}

TEST_F(CallerPasswordTest, WhoComesDuringTheLoginOfAnotherIsNotHandedItsToken) {
  upstream_.Hold();
  const auto login = PasswordLogin(kAccount, kPassword, "ann");
  const auto other = GetToken(kAccount, absl::ZeroDuration(), As("bob"));
  const auto rival = PasswordLogin(kAccount, kPassword, "bob");
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_TRUE(StatusOf(login).ok());
  EXPECT_EQ(ReasonIn(other), Reason::kCallerNotAllowed);
  EXPECT_EQ(ReasonIn(rival), Reason::kCallerNotAllowed);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
}

TEST_F(CallerPasswordTest, LoginThatRunsIsNobodyElsesToLogOut) {
  upstream_.Hold();
  const auto login = PasswordLogin(kAccount, kPassword, "ann");
  EXPECT_EQ(ReasonIn(Logout(kAccount, As("bob"))), Reason::kCallerNotAllowed);
  upstream_.Release();
  loop_.RunPosted();
  EXPECT_TRUE(StatusOf(login).ok());
}

TEST_F(CallerPasswordTest, OperatorListsItAndLogsItOut) {
  LogInAnn();
  EXPECT_EQ(Row(kAccount).state, SessionState::kLive);
  CallOptions options = As("root");
  options.is_operator = true;
  const auto logout = Logout(kAccount, options);
  Settle();
  EXPECT_TRUE((*logout)->value());
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann")), nullptr);
}

TEST_F(CallerPasswordTest, OwnerLogsItOutAndAnotherMayLogIn) {
  LogInAnn();
  Logout(kAccount, As("ann"));
  Settle();
  EXPECT_TRUE(StatusOf(PasswordLogin(kAccount, kPassword, "bob")).ok());
  EXPECT_NE(Peek(kAccount, absl::ZeroDuration(), As("bob")), nullptr);
  EXPECT_EQ(Row(kAccount).generation, 2u);
}

TEST_F(CallerPasswordTest, SessionIsRefreshedLikeAnyOther) {
  LogInAnn();
  Advance(kRefreshDelay);
  EXPECT_EQ(Presented(Kind::kRefresh), std::vector<std::string>{"refresh-1"});
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann"))->generation, 2u);
}

TEST_F(CallerPasswordTest, WithoutASessionALoginIsRequired) {
  EXPECT_EQ(ReasonIn(GetToken(kAccount)), Reason::kLoginRequired);
  EXPECT_EQ(ReasonIn(Login({}, kAccount)), Reason::kLoginRequired);
  EXPECT_EQ(ReasonIn(Login(ForceNew(), kAccount)), Reason::kLoginRequired);
  const auto watch = Watch(kAccount);
  EXPECT_EQ(ReasonOf(watch->end->status), Reason::kLoginRequired);
  EXPECT_TRUE(upstream_.calls().empty());
}

TEST_F(CallerPasswordTest, LostSessionIsNotLoggedInAgainByItself) {
  LogInAnn();
  const auto watch = Watch(kAccount, As("ann"));
  upstream_.FailNext(Kind::kRefresh, Dead());
  EXPECT_EQ(ReasonIn(Refresh(1, kAccount, As("ann"))), Reason::kLoginRequired);
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann"))->generation, 1u);
  Advance(kLifetime - kSlack - kTick);
  EXPECT_FALSE(watch->end.has_value());
  Advance(kTick);
  EXPECT_EQ(Peek(kAccount, absl::ZeroDuration(), As("ann")), nullptr);
  ASSERT_TRUE(watch->end.has_value());
  EXPECT_EQ(watch->end->revoked, RevokedReason::kLoggedOut);
  EXPECT_EQ(ReasonIn(GetToken(kAccount, absl::ZeroDuration(), As("ann"))), Reason::kLoginRequired);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 1);
  EXPECT_EQ(upstream_.Count(Kind::kRefresh), 1);
}

TEST_F(CallerPasswordTest, PasswordIsNotKeptForAForcedLogin) {
  LogInAnn();
  EXPECT_EQ(ReasonIn(Login(ForceNew(), kAccount, As("ann"))), Reason::kLoginRequired);
}

TEST_F(CallerPasswordTest, Row6HoldOfACallersAccountTouchesNoConfiguredOne) {
  upstream_.FailAlways(Kind::kLogin, Rejected());
  for (const char* password : {"canary-a", "canary-b", "canary-c"}) {
    PasswordLogin(kAccount, password, "ann");
  }
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-d", "ann")), Reason::kCredentialHeldBack);
  upstream_.FailAlways(Kind::kLogin, absl::OkStatus());
  EXPECT_EQ(TokenOf(GetToken("one")), "access-1");
}

TEST_F(CallerPasswordTest, Row6HoldOfAConfiguredAccountTouchesNoCallersOne) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  GetToken("one");
  LogInAnn();
}

TEST_F(CallerPasswordTest, Row6RejectedPasswordIsNotTriedAgainButAnotherMayBe) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-a", "ann")), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-a", "ann")), Reason::kCredentialHeldBack);
  upstream_.FailNext(Kind::kLogin, Rejected());
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-b", "ann")), Reason::kCredentialRejected);
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-a", "ann")), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 2);
  LogInAnn();
  EXPECT_FALSE(Row(kAccount).hold_end_time.has_value());
}

TEST_F(CallerPasswordTest, Row6AfterThreeDistinctPasswordsNobodyMayGuessOn) {
  upstream_.FailAlways(Kind::kLogin, Rejected());
  for (const char* password : {"canary-a", "canary-b", "canary-c"}) {
    EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, password, "ann")), Reason::kCredentialRejected);
  }
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-d", "ann")), Reason::kCredentialHeldBack);
  EXPECT_EQ(ReasonIn(PasswordLogin(kAccount, "canary-e", "bob")), Reason::kCredentialHeldBack);
  EXPECT_EQ(upstream_.Count(Kind::kLogin), 3);
}

TEST_F(CallerPasswordTest, SamePasswordIsToldApartOnlyWithinAnAccount) {
  upstream_.FailNext(Kind::kLogin, Rejected());
  PasswordLogin(kAccount, kPassword, "ann");
  EXPECT_TRUE(StatusOf(PasswordLogin("bob@acme.example", kPassword, "bob")).ok());
}

}  // namespace
}  // namespace credbroker
