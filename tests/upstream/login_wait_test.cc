// What a login waits for: the credential, a worker, and upstream's challenge while it is good.

#include <unistd.h>

#include <fstream>

#include "gtest/gtest.h"

#include "tests/upstream/upstream_fixture.h"

namespace credbroker {
namespace {

class LoginWaitTest : public UpstreamFixture {};

TEST_F(LoginWaitTest, Row32WithoutAReadablePasswordNothingIsSent) {
  StartLogin(std::make_shared<FileCredential>("/nowhere/password"));
  EXPECT_EQ(workers_.NextKey(), "acme");
  EXPECT_FALSE(login_.has_value());
  Derive();
  EXPECT_EQ(LoginReason(), Reason::kLoginRequired);
  EXPECT_EQ(http_.sent(), 0);
  EXPECT_EQ(loop_.timers(), 0U);
}

TEST_F(LoginWaitTest, APasswordThatIsGoneWhenItIsNeededIsLoginRequired) {
  const std::string path = absl::StrCat(testing::TempDir(), "/credbroker_vanishing_", getpid());
  std::ofstream(path) << "pencil";
  Login(std::make_shared<FileCredential>(path));
  unlink(path.c_str());
  AnswerFirst(FirstAnswer());
  Derive();
  EXPECT_EQ(LoginReason(), Reason::kLoginRequired);
  EXPECT_EQ(http_.sent(), 1);
}

TEST_F(LoginWaitTest, AWorkerThatNeverComesEndsTheLogin) {
  StartLogin();
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  Derive();  // Too late, and ignored.
  EXPECT_EQ(http_.sent(), 0);
}

TEST_F(LoginWaitTest, KeysThatWouldComeTooLateAreNotDerived) {
  Login();
  AnswerFirst(FirstAnswer());
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  EXPECT_EQ(workers_.pending(), 1U);
  Derive();
  EXPECT_EQ(upstream_->derivations(), 0U);
}

TEST_F(LoginWaitTest, KeysThatNeverComeEndTheLogin) {
  Login();
  AnswerFirst(FirstAnswer());
  loop_.Advance(absl::Seconds(30));
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  Derive();  // Too late, and ignored.
  EXPECT_EQ(http_.pending(), 0U);
}

TEST_F(LoginWaitTest, Row14LapsedChallengeStartsAgainOnce) {
  Login();
  AnswerFirst(FirstAnswer());
  loop_.SleepThrough(absl::Seconds(60));
  Derive();
  ASSERT_TRUE(http_.IsFor("/auth/auth"));
  EXPECT_FALSE(login_.has_value());
  ReachFinal();
  AnswerFinal(FinalAnswer());
  EXPECT_TRUE(login_->ok()) << login_->status();
  EXPECT_EQ(upstream_->derivations(), 1U);
}

TEST_F(LoginWaitTest, Row14ChallengeOneNanosecondBeforeItsEndIsAnswered) {
  Login();
  AnswerFirst(FirstAnswer());
  loop_.SleepThrough(absl::Seconds(60) - absl::Nanoseconds(1));
  Derive();
  EXPECT_TRUE(http_.IsFor("/auth/login"));
}

TEST_F(LoginWaitTest, Row14SecondLapseIsUnavailable) {
  Login();
  for (int i = 0; i < 2; ++i) {
    AnswerFirst(FirstAnswer());
    loop_.SleepThrough(absl::Seconds(60));
    Derive();
  }
  EXPECT_EQ(LoginReason(), Reason::kUpstreamUnavailable);
  EXPECT_EQ(http_.pending(), 0U);
}

TEST_F(LoginWaitTest, Row14WindowCountsFromWhenTheRequestWasSent) {
  Login();
  const Json answer = FirstAnswer();
  loop_.SleepThrough(absl::Seconds(5));
  http_.Answer(
      200,
      {{"Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", loop_.WallNow() - absl::Seconds(5),
                                 absl::UTCTimeZone())}},
      answer.dump());
  loop_.SleepThrough(absl::Seconds(55));
  Derive();
  EXPECT_TRUE(http_.IsFor("/auth/auth"));
}

TEST_F(LoginWaitTest, Row14OurWallClockDoesNotMatter) {
  Login();
  AnswerFirst(FirstAnswer());
  loop_.JumpWallClock(absl::Hours(1));
  Derive();
  EXPECT_TRUE(http_.IsFor("/auth/login"));
}

TEST_F(LoginWaitTest, Row14WithoutDateTheWindowIsTenSeconds) {
  Login();
  http_.Answer(200, {}, FirstAnswer().dump());
  loop_.SleepThrough(absl::Seconds(10));
  Derive();
  EXPECT_TRUE(http_.IsFor("/auth/auth"));
  http_.Answer(200, {}, FirstAnswer().dump());
  loop_.SleepThrough(absl::Seconds(10) - absl::Nanoseconds(1));
  Derive();
  EXPECT_TRUE(http_.IsFor("/auth/login"));
}

}  // namespace
}  // namespace credbroker
