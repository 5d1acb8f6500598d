// Row 42: what upstream is yet to be told when the process ends.

#include "tests/sessions/session_fixture.h"

namespace credbroker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ProcessEndTest : public SessionFixture {
 protected:
  static constexpr char kLost[] = R"(credbroker_revocations_lost_total{tenant="acme"})";
  static constexpr absl::Duration kGrace = absl::Seconds(20);

  void Hasten() {
    manager_->HastenRevocations();
    Settle();
  }
  // Appears once the sessions have ended.
  std::shared_ptr<bool> End(absl::Duration patience = kGrace) {
    auto ended = std::make_shared<bool>(false);
    manager_->EndRevocations(loop_.Now() + patience, [ended] { *ended = true; });
    loop_.RunPosted();
    return ended;
  }
  // A logout that upstream could not be told of for an hour: the next attempt is up to a minute
  // away.
  void LogOutInVain() {
    GetToken();
    upstream_.FailAlways(Kind::kLogout, Unavailable());
    upstream_.FailAlways(Kind::kRefresh, Unavailable());
    Logout();
    Advance(absl::Hours(1));
    upstream_.FailAlways(Kind::kLogout, absl::OkStatus());
    upstream_.FailAlways(Kind::kRefresh, absl::OkStatus());
  }
};

TEST_F(ProcessEndTest, Row42WithNothingToTellItEndsAtOnce) {
  GetToken();
  Hasten();
  EXPECT_TRUE(*End());
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 0);
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(ProcessEndTest, Row42ABackoffIsNotWaitedFor) {
  LogOutInVain();
  Hasten();
  EXPECT_TRUE(*End());
  EXPECT_THAT(Presented(Kind::kLogout), testing::Contains("access-2"));
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(ProcessEndTest, Row42ASupersededSessionIsNotWaitedFor) {
  GetToken();
  Login(ForceNew());
  Hasten();
  EXPECT_TRUE(*End());
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

TEST_F(ProcessEndTest, Row42WhatComesLaterIsToldAtOnceToo) {
  GetToken();
  Hasten();
  Login(ForceNew());
  Settle();
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
}

TEST_F(ProcessEndTest, Row42ItIsTriedUntilTheTimeIsUp) {
  GetToken();
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  Advance(absl::Minutes(4));
  Hasten();
  const auto ended = End();
  const int attempts = upstream_.Count(Kind::kLogout);
  // Backs off from the beginning: half a second, one, two, four, eight.
  Advance(absl::Milliseconds(7500));
  EXPECT_EQ(upstream_.Count(Kind::kLogout), attempts + 4);
  upstream_.FailAlways(Kind::kLogout, absl::OkStatus());
  EXPECT_FALSE(*ended);
  Advance(absl::Seconds(8));
  EXPECT_TRUE(*ended);
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(ProcessEndTest, Row42WhatIsLeftIsCountedAndLogged) {
  GetToken();
  PasswordLogin("caller-canary@acme.example", "canary-password");
  upstream_.FailAlways(Kind::kLogout, Unavailable());
  Logout();
  Logout("caller-canary@acme.example", As("local"));
  Hasten();
  const auto ended = End();
  Advance(kGrace - kTick);
  EXPECT_FALSE(*ended);
  EXPECT_EQ(Counter(kLost), 0);
  testing::internal::CaptureStderr();
  Advance(kTick);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(*ended);
  EXPECT_EQ(Counter(kLost), 2);
  EXPECT_THAT(log, HasSubstr(R"("level":"warning","event":"revocation_lost","tenant":"acme",)"
                             R"("account":"one")"));
  EXPECT_THAT(log, HasSubstr(R"("account":"caller-)"));
  for (const char* secret : {"canary", "access-", "refresh-"}) {
    EXPECT_THAT(log, Not(HasSubstr(secret)));
  }
}

TEST_F(ProcessEndTest, Row42WithNoTimeLeftAllIsLostAtOnce) {
  upstream_.Hold();
  LogOutInVain();
  const auto ended = End(-absl::Seconds(1));
  Settle();
  EXPECT_TRUE(*ended);
  EXPECT_EQ(Counter(kLost), 1);
}

TEST_F(ProcessEndTest, Row42TheLateResultOfAnExchangeIsWaitedForAndLoggedOut) {
  upstream_.Hold();
  GetToken();
  Logout();
  Hasten();
  const auto ended = End();
  EXPECT_FALSE(*ended);
  upstream_.Release();
  Settle();
  EXPECT_TRUE(*ended);
  EXPECT_THAT(Presented(Kind::kLogout), ElementsAre("access-1"));
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(ProcessEndTest, Row42AnExchangeThatLeavesNothingIsWaitedForNoLonger) {
  upstream_.FailNext(Kind::kLogin, Unavailable());
  upstream_.Hold();
  GetToken();
  Logout();
  Hasten();
  const auto ended = End();
  EXPECT_FALSE(*ended);
  upstream_.Release();
  Settle();
  EXPECT_TRUE(*ended);
  EXPECT_EQ(Counter(kLost), 0);
}

TEST_F(ProcessEndTest, Row42AnExchangeWithoutAResultMayHaveLeftASession) {
  upstream_.Hold();
  GetToken();
  Logout();
  Hasten();
  const auto ended = End();
  Advance(kGrace);
  EXPECT_TRUE(*ended);
  EXPECT_EQ(Counter(kLost), 1);
}

TEST_F(ProcessEndTest, Row5TheWaitThatUpstreamAskedForIsKept) {
  GetToken();
  upstream_.FailNext(Kind::kLogout,
                     Failure(Reason::kUpstreamUnavailable, "429", absl::Seconds(10)));
  Logout();
  Settle();
  Hasten();
  const auto ended = End();
  Advance(absl::Seconds(10) - kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 1);
  Advance(kTick);
  EXPECT_EQ(upstream_.Count(Kind::kLogout), 2);
  EXPECT_TRUE(*ended);
}

}  // namespace
}  // namespace credbroker
