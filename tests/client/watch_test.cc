#include <streambuf>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "client/cli/run.h"
#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

class WatchTest : public ::testing::Test {
 protected:
  void AddToken(uint64_t generation) {
    v1::WatchTokenResponse event;
    *event.mutable_token() = TestToken();
    event.mutable_token()->set_generation(generation);
    broker_.events.push_back(event);
  }
  void AddRevoked(v1::Revoked::Reason reason) {
    v1::WatchTokenResponse event;
    event.mutable_revoked()->set_reason(reason);
    broker_.events.push_back(event);
  }
  Outcome Watch(std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"--plaintext", "--address", broker_.address(), "watch", "--tenant", "acme"});
    return RunLine(more);
  }

  FakeBroker broker_;
};

TEST_F(WatchTest, OneLineARotationAndTheRevocationAtTheEnd) {
  AddToken(7);
  AddToken(8);
  AddRevoked(v1::Revoked::REASON_LOGGED_OUT);
  const Outcome outcome = Watch({"--account", "reporting"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "generation 7, expires 2030-01-01T00:05:00Z (in 5m)\n"
            "generation 8, expires 2030-01-01T00:05:00Z (in 5m)\n"
            "revoked: LOGGED_OUT\n");
  EXPECT_EQ(broker_.watch.tenant(), "acme");
  EXPECT_EQ(broker_.watch.account(), "reporting");
}

TEST_F(WatchTest, TheTokenIsShownOnRequestOnly) {
  AddToken(7);
  AddRevoked(v1::Revoked::REASON_ACCOUNT_FORBIDDEN);
  EXPECT_THAT(Watch().out, Not(HasSubstr(broker_.token.access_token())));
  EXPECT_THAT(Watch({"--show-token"}).out,
              HasSubstr(", token " + broker_.token.access_token() + "\n"));
}

TEST_F(WatchTest, JsonIsOneDocumentALine) {
  AddToken(7);
  AddRevoked(v1::Revoked::REASON_TENANT_REMOVED);
  const Outcome outcome = Watch({"--output", "json"});
  EXPECT_EQ(outcome.exit_code, 0);
  const std::vector<std::string> lines = absl::StrSplit(outcome.out, '\n');
  ASSERT_EQ(lines.size(), 3u);
  v1::WatchTokenResponse event;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(lines[0], &event).ok());
  EXPECT_EQ(event.token().access_token(), broker_.token.access_token());
  event.Clear();
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(lines[1], &event).ok());
  EXPECT_EQ(event.revoked().reason(), v1::Revoked::REASON_TENANT_REMOVED);
}

TEST_F(WatchTest, ADrainingBrokerEndsItWithItsHint) {
  AddToken(7);
  broker_.status = BrokerFailure(grpc::StatusCode::UNAVAILABLE, "the broker drains", "DRAINING",
                                 absl::Seconds(1));
  const Outcome outcome = Watch();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("generation 7"));
  EXPECT_EQ(outcome.err, "credbroker: UNAVAILABLE: DRAINING: the broker drains; retry in 1s\n");
}

TEST_F(WatchTest, AnEndWithoutReasonFails) {
  AddToken(7);
  EXPECT_EQ(Watch().exit_code, 1);
}

TEST_F(WatchTest, WhatIsNoEventFails) {
  AddToken(7);
  broker_.events.back().mutable_token()->set_access_token("a\x1b[2J");
  EXPECT_EQ(Watch({"--show-token"}).exit_code, 1);
  broker_.events.back().Clear();
  EXPECT_EQ(Watch().exit_code, 1);
}

TEST_F(WatchTest, ThereIsNoDeadlineUnlessGiven) {
  AddRevoked(v1::Revoked::REASON_LOGGED_OUT);
  Watch();
  EXPECT_THAT(broker_.time_given, Ge(absl::Hours(24 * 365)));
  Watch({"--timeout", "1h"});
  EXPECT_THAT(broker_.time_given, AllOf(Ge(absl::Minutes(59)), Le(absl::Minutes(62))));
}

TEST_F(WatchTest, AReaderThatWentAwayEndsAnOpenStream) {
  AddToken(7);
  broker_.watch_stays_open = true;
  const std::string address = broker_.address();
  const std::vector<const char*> argv = {"credbroker", "--plaintext", "--address", address.c_str(),
                                         "watch",      "--tenant",    "acme"};
  std::istringstream in;
  std::ostringstream err;
  std::ostream closed(nullptr);
  closed.clear();
  EXPECT_EQ(RunCredbroker(static_cast<int>(argv.size()), argv.data(), in, closed, err), 1);
  EXPECT_EQ(err.str(), "credbroker: cannot write to standard output\n");
}

}  // namespace
}  // namespace credbroker
