// Rows 29 and 30: tokens that live for seconds, and a broker that is stopped meanwhile.

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"

namespace credbroker {
namespace {

constexpr int kCallers = 4;

// Calls that are sent to the broker while it stands still, and answered once it goes on.
class WaitingCalls {
 public:
  explicit WaitingCalls(const Deployment& deployment) : answers_(kCallers) {
    for (int i = 0; i < kCallers; ++i) callers_.push_back(deployment.NewCaller());
  }
  ~WaitingCalls() { Join(); }

  void Send() {
    for (size_t i = 0; i < answers_.size(); ++i) {
      threads_.emplace_back([this, i] { answers_[i] = callers_[i].GetToken(); });
    }
  }
  const std::vector<Answer>& Join() {
    for (std::jthread& thread : threads_) thread.join();
    threads_.clear();
    return answers_;
  }

 private:
  std::vector<Caller> callers_;
  std::vector<Answer> answers_;
  std::vector<std::jthread> threads_;
};

TEST(Expiry, Row30AfterAStopAnExpiredTokenIsRenewedBeforeItIsServed) {
  Deployment deployment({.sandbox = {"--token-lifetime", "2s"}});
  Caller caller = deployment.NewCaller();
  WaitingCalls calls(deployment);
  const std::string old = caller.GetToken().token.access_token();
  deployment.broker().Signal(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return !deployment.upstream().Accepts(old); }));
  calls.Send();
  deployment.broker().Signal(SIGCONT);
  for (const Answer& answer : calls.Join()) {
    ASSERT_TRUE(answer.ok()) << answer.Text();
    EXPECT_NE(answer.token.access_token(), old);
    EXPECT_EQ(answer.token.generation(), 2u);
  }
}

TEST(Expiry, Row30AfterAStopAnExpiredTokenIsNotServedThoughUpstreamIsDown) {
  Deployment deployment({.sandbox = {"--token-lifetime", "2s"}});
  Caller caller = deployment.NewCaller();
  WaitingCalls calls(deployment);
  const std::string old = caller.GetToken().token.access_token();
  deployment.broker().Signal(SIGSTOP);
  deployment.upstream().Arm({{"all", {{"status", 503}}}});
  ASSERT_TRUE(Eventually([&] { return !deployment.upstream().Accepts(old); }));
  calls.Send();
  deployment.broker().Signal(SIGCONT);
  for (const Answer& answer : calls.Join()) {
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE) << answer.Text();
    EXPECT_EQ(answer.reason, "UPSTREAM_UNAVAILABLE");
  }
}

// Over several lifetimes no caller ever gets a token that upstream would refuse, and a watcher is
// told of each in time.
TEST(Expiry, Row29EveryTokenServedOverSeveralLifetimesIsGood) {
  const Deployment deployment({.sandbox = {"--token-lifetime", "1500ms"}});
  Caller caller = deployment.NewCaller();
  Watch watch(caller);
  ASSERT_TRUE(watch.Next().has_value());
  std::jthread watching([&] {
    for (int i = 0; i < 3; ++i) {
      const auto event = watch.Next();
      ASSERT_TRUE(event.has_value());
      EXPECT_TRUE(deployment.upstream().Accepts(event->token().access_token()));
    }
  });
  uint64_t generation = 0;
  EXPECT_TRUE(Eventually([&] {
    const Answer answer = caller.GetToken();
    EXPECT_TRUE(answer.ok()) << answer.Text();
    EXPECT_TRUE(deployment.upstream().Accepts(answer.token.access_token()));
    EXPECT_GE(answer.token.generation(), generation);
    generation = answer.token.generation();
    return generation >= 4 || HasFailure();
  }));
  watching.join();
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

// The outage that a cached token survives ends with the token.
TEST(Expiry, TheLiveTokenIsServedThroughAnOutageToItsEndAndNotBeyond) {
  const Deployment deployment({.sandbox = {"--token-lifetime", "2s"}});
  Caller caller = deployment.NewCaller();
  const std::string token = caller.GetToken().token.access_token();
  deployment.upstream().Arm({{"all", {{"status", 503}}}});
  Answer last;
  EXPECT_TRUE(Eventually([&] {
    last = caller.GetToken();
    EXPECT_TRUE(!last.ok() || last.token.access_token() == token);
    return !last.ok();
  }));
  EXPECT_EQ(last.reason, "UPSTREAM_UNAVAILABLE");
  EXPECT_GE(deployment.upstream().Calls("session"), 1);
  deployment.upstream().Disarm();
  EXPECT_TRUE(Eventually([&] { return caller.GetToken().ok(); }));
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
}

}  // namespace
}  // namespace credbroker
