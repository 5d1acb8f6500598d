#include "service/api/messages.h"

#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kIssued = absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(123'456'789);
const absl::Time kExpires = kIssued + absl::Minutes(5);

std::unique_ptr<const Session> FullSession() {
  auto grant = std::make_shared<Grant>();
  grant->refresh_token = Secret::Copy("canary-refresh-token");
  grant->redirect_project_id = "project";
  grant->login_time = kIssued;
  auto session = std::make_unique<Session>();
  session->grant = std::move(grant);
  session->access_token = Secret::Copy("a.b.c");
  session->header_name = "Session";
  session->generation = UINT64_MAX;
  session->device_id = "device";
  session->sendbird_session_token = Secret::Copy("chat");
  session->issue_time = kIssued;
  session->expire_time = kExpires;
  return session;
}

TEST(MessagesTest, ATokenHasEveryFieldOfItsSession) {
  v1::Token token;
  ToProto(*FullSession(), token);
  v1::Token expected;
  expected.set_access_token("a.b.c");
  expected.set_header_name("Session");
  expected.mutable_issue_time()->set_seconds(1'700'000'000);
  expected.mutable_issue_time()->set_nanos(123'456'789);
  expected.mutable_expire_time()->set_seconds(1'700'000'300);
  expected.mutable_expire_time()->set_nanos(123'456'789);
  expected.set_generation(UINT64_MAX);
  expected.set_device_id("device");
  expected.set_sendbird_session_token("chat");
  expected.set_redirect_project_id("project");
  EXPECT_TRUE(MessageDifferencer::Equals(token, expected)) << token.ShortDebugString();
  // Nothing was forgotten: a field that is added must be added here.
  EXPECT_EQ(v1::Token::descriptor()->field_count(), 8);
}

TEST(MessagesTest, ARefreshTokenNeverLeaves) {
  v1::Token token;
  ToProto(*FullSession(), token);
  EXPECT_THAT(token.SerializeAsString(), Not(HasSubstr("canary")));
}

TEST(MessagesTest, WhatASessionDoesNotHaveIsAbsentFromItsToken) {
  Session session;
  v1::Token token;
  ToProto(session, token);
  EXPECT_FALSE(token.has_sendbird_session_token());
  EXPECT_FALSE(token.has_redirect_project_id());
  session.grant = std::make_shared<Grant>();
  ToProto(session, token);
  EXPECT_FALSE(token.has_redirect_project_id());
}

TEST(MessagesTest, TimesBeforeTheEpochCountNanosecondsForward) {
  Session session;
  session.issue_time = absl::UnixEpoch() - absl::Nanoseconds(1);
  session.expire_time = absl::UnixEpoch();
  v1::Token token;
  ToProto(session, token);
  EXPECT_EQ(token.issue_time().seconds(), -1);
  EXPECT_EQ(token.issue_time().nanos(), 999'999'999);
  EXPECT_EQ(token.expire_time().seconds(), 0);
  EXPECT_EQ(token.expire_time().nanos(), 0);
}

TEST(MessagesTest, ASessionHasEveryFieldOfItsRow) {
  SessionRow row;
  row.key = {"acme", "one"};
  row.state = SessionState::kRenewing;
  row.generation = 7;
  row.login_time = kIssued;
  row.expire_time = kExpires;
  row.next_refresh_time = kIssued + absl::Seconds(1);
  row.hold_end_time = kIssued + absl::Seconds(2);
  row.consecutive_failures = 3;
  row.last_error = "UPSTREAM_UNAVAILABLE";
  row.watchers = 4;
  v1::Session session;
  ToProto(row, session);
  v1::Session expected;
  expected.set_tenant("acme");
  expected.set_account("one");
  expected.set_state(v1::SESSION_STATE_RENEWING);
  expected.set_generation(7);
  for (auto [time, seconds] :
       {std::pair{expected.mutable_login_time(), 0}, std::pair{expected.mutable_expire_time(), 300},
        std::pair{expected.mutable_next_refresh_time(), 1},
        std::pair{expected.mutable_hold_end_time(), 2}}) {
    time->set_seconds(1'700'000'000 + seconds);
    time->set_nanos(123'456'789);
  }
  expected.set_consecutive_failures(3);
  expected.set_last_error("UPSTREAM_UNAVAILABLE");
  expected.set_watchers(4);
  EXPECT_TRUE(MessageDifferencer::Equals(session, expected)) << session.ShortDebugString();
  EXPECT_EQ(v1::Session::descriptor()->field_count(), 11);
}

TEST(MessagesTest, ARowWithoutASessionHasNoTimes) {
  v1::Session session;
  ToProto(SessionRow{}, session);
  EXPECT_FALSE(session.has_login_time());
  EXPECT_FALSE(session.has_expire_time());
  EXPECT_FALSE(session.has_next_refresh_time());
  EXPECT_FALSE(session.has_hold_end_time());
}

TEST(MessagesTest, EveryStateHasItsName) {
  const std::pair<SessionState, v1::SessionState> kStates[] = {
      {SessionState::kAbsent, v1::SESSION_STATE_ABSENT},
      {SessionState::kLoggingIn, v1::SESSION_STATE_LOGGING_IN},
      {SessionState::kLive, v1::SESSION_STATE_LIVE},
      {SessionState::kRenewing, v1::SESSION_STATE_RENEWING},
      {SessionState::kBackingOff, v1::SESSION_STATE_BACKING_OFF},
      {SessionState::kHeldBack, v1::SESSION_STATE_HELD_BACK}};
  for (const auto& [state, expected] : kStates) {
    SessionRow row;
    row.state = state;
    v1::Session session;
    ToProto(row, session);
    EXPECT_EQ(session.state(), expected);
  }
}

TEST(MessagesTest, EveryReasonToRevokeHasItsName) {
  EXPECT_EQ(ToProto(RevokedReason::kLoggedOut), v1::Revoked::REASON_LOGGED_OUT);
  EXPECT_EQ(ToProto(RevokedReason::kCredentialRejected), v1::Revoked::REASON_CREDENTIAL_REJECTED);
  EXPECT_EQ(ToProto(RevokedReason::kAccountForbidden), v1::Revoked::REASON_ACCOUNT_FORBIDDEN);
  EXPECT_EQ(ToProto(RevokedReason::kTenantRemoved), v1::Revoked::REASON_TENANT_REMOVED);
}

TEST(MessagesTest, DurationsAreReadToTheNanosecond) {
  google::protobuf::Duration duration;
  duration.set_seconds(90);
  duration.set_nanos(7);
  EXPECT_EQ(FromProto(duration), absl::Seconds(90) + absl::Nanoseconds(7));
}

TEST(MessagesTest, WhatADeviceDoesNotSayStaysOpen) {
  v1::Device device;
  EXPECT_FALSE(FromProto(device).device_name.has_value());
  EXPECT_FALSE(FromProto(device).browser.has_value());
  EXPECT_FALSE(FromProto(device).os.has_value());
  EXPECT_FALSE(FromProto(device).os_version.has_value());
  device.set_device_name("name");
  device.set_browser("");
  device.set_os("os");
  device.set_os_version("1");
  EXPECT_EQ(FromProto(device).device_name, "name");
  EXPECT_EQ(FromProto(device).browser, "");
  EXPECT_EQ(FromProto(device).os, "os");
  EXPECT_EQ(FromProto(device).os_version, "1");
}

}  // namespace
}  // namespace credbroker
