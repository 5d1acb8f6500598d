#include "client/cli/render.h"

#include <string>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RenderTest, DurationsAreReadAsTheContractWritesThem) {
  EXPECT_EQ(ParseDurationText("250ms").value(), absl::Milliseconds(250));
  EXPECT_EQ(ParseDurationText("30s").value(), absl::Seconds(30));
  EXPECT_EQ(ParseDurationText("5m").value(), absl::Minutes(5));
  EXPECT_EQ(ParseDurationText("1h").value(), absl::Hours(1));
  EXPECT_EQ(ParseDurationText("0s").value(), absl::ZeroDuration());
  for (const char* wrong : {"", "30", "s", "-1ns", "inf", "-inf", "1 s", "1d", "nan"}) {
    EXPECT_FALSE(ParseDurationText(wrong).ok()) << wrong;
  }
}

TEST(RenderTest, DurationsSurviveProtobuf) {
  const absl::Duration duration = absl::Seconds(3) + absl::Nanoseconds(1);
  EXPECT_EQ(ToProto(duration).seconds(), 3);
  EXPECT_EQ(ToProto(duration).nanos(), 1);
  EXPECT_EQ(FromProto(ToProto(duration)), duration);
}

TEST(RenderTest, OnlyPrintableAsciiReachesTheTerminal) {
  EXPECT_EQ(EscapeForTerminal("a \"b\" ~"), "a \"b\" ~");
  EXPECT_EQ(EscapeForTerminal("\x1b]0;x\a\n\x7f\\"), "\\x1b]0;x\\x07\\x0a\\x7f\\x5c");
  EXPECT_EQ(EscapeForTerminal("\xe2\x80\xae\xc2\x9b"), "\\xe2\\x80\\xae\\xc2\\x9b");
  EXPECT_EQ(EscapeForTerminal(std::string("\0", 1)), "\\x00");
}

TEST(RenderTest, ShortDurationsHaveTwoUnitsAndRoundDown) {
  EXPECT_EQ(ShortDurationText(absl::Milliseconds(999)), "0s");
  EXPECT_EQ(ShortDurationText(absl::Seconds(59)), "59s");
  EXPECT_EQ(ShortDurationText(absl::Seconds(60)), "1m");
  EXPECT_EQ(ShortDurationText(absl::Milliseconds(299999)), "4m59s");
  EXPECT_EQ(ShortDurationText(absl::Minutes(60)), "1h");
  EXPECT_EQ(ShortDurationText(absl::Hours(23) + absl::Minutes(59)), "23h59m");
  EXPECT_EQ(ShortDurationText(absl::Hours(51) + absl::Minutes(1)), "2d3h");
}

TEST(RenderTest, TokenExpiringExactlyNowIsExpired) {
  v1::Token token = TestToken();
  EXPECT_EQ(ExpiryText(token, TestNow()), "2030-01-01T00:05:00Z (in 5m)");
  EXPECT_EQ(ExpiryText(token, TestNow() + absl::Minutes(5)), "2030-01-01T00:05:00Z (expired)");
  EXPECT_EQ(ExpiryText(token, TestNow() + absl::Minutes(5) - absl::Nanoseconds(1)),
            "2030-01-01T00:05:00Z (in 0s)");
  token.clear_expire_time();
  EXPECT_EQ(ExpiryText(token, TestNow()), "-");
}

TEST(RenderTest, ReasonsAreNamesOrNumbers) {
  EXPECT_EQ(ReasonText(v1::Revoked::REASON_LOGGED_OUT), "LOGGED_OUT");
  EXPECT_EQ(ReasonText(v1::Revoked::REASON_TENANT_REMOVED), "TENANT_REMOVED");
  EXPECT_EQ(ReasonText(static_cast<v1::Revoked::Reason>(42)), "42");
}

TEST(RenderTest, SessionsAreAlignedColumns) {
  v1::ListSessionsResponse list;
  v1::Session* live = list.add_sessions();
  live->set_tenant("acme");
  live->set_account("reporting");
  live->set_state(v1::SESSION_STATE_LIVE);
  live->set_generation(12);
  live->mutable_expire_time()->set_seconds(absl::ToUnixSeconds(TestNow()) + 299);
  live->mutable_next_refresh_time()->set_seconds(absl::ToUnixSeconds(TestNow()));
  live->set_watchers(3);
  v1::Session* held = list.add_sessions();
  held->set_tenant("a-longer-tenant");
  held->set_account("x\x1b[2Jy");
  held->set_state(v1::SESSION_STATE_HELD_BACK);
  held->mutable_hold_end_time()->set_seconds(absl::ToUnixSeconds(TestNow()) + 720);
  held->set_consecutive_failures(1);
  held->set_last_error("CREDENTIAL_REJECTED");
  EXPECT_EQ(SessionTable(list, TestNow()),
            "TENANT           ACCOUNT    STATE      GENERATION  REMAINING  REFRESH IN  HELD FOR  "
            "FAILURES  LAST ERROR           WATCHERS\n"
            "acme             reporting  LIVE       12          4m59s      now         -         "
            "0         -                    3\n"
            "a-longer-tenant  x\\x1b[2Jy  HELD_BACK  0           -          -           12m       "
            "1         CREDENTIAL_REJECTED  0\n");
}

TEST(RenderTest, NoSessionsAreTheHeadingsAlone) {
  EXPECT_THAT(SessionTable({}, TestNow()), ::testing::MatchesRegex("TENANT .* WATCHERS\n"));
}

TEST(RenderTest, JsonIsOneLineWithDefaultsAndWithoutAbsentFields) {
  v1::LoginResponse response;
  *response.mutable_token() = TestToken();
  const std::string json = JsonLine(response).value();
  EXPECT_THAT(json, Not(HasSubstr("\n")));
  EXPECT_THAT(json, HasSubstr("\"reused\":false"));
  EXPECT_THAT(json, HasSubstr("\"generation\":\"7\""));
  EXPECT_THAT(json, HasSubstr("\"expireTime\":\"2030-01-01T00:05:00Z\""));
  EXPECT_THAT(json, Not(HasSubstr("redirectProjectId")));
}

TEST(RenderTest, ATimeOutOfRangeHasNoJson) {
  v1::Session session;
  session.mutable_login_time()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(JsonLine(session).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace credbroker
