#include "service/api/messages.h"

#include <cstdint>
#include <optional>
#include <string>

namespace credbroker {
namespace {

void SetTime(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

v1::SessionState ToProto(SessionState state) {
  switch (state) {
    case SessionState::kAbsent:
      return v1::SESSION_STATE_ABSENT;
    case SessionState::kLoggingIn:
      return v1::SESSION_STATE_LOGGING_IN;
    case SessionState::kLive:
      return v1::SESSION_STATE_LIVE;
    case SessionState::kRenewing:
      return v1::SESSION_STATE_RENEWING;
    case SessionState::kBackingOff:
      return v1::SESSION_STATE_BACKING_OFF;
    case SessionState::kHeldBack:
      return v1::SESSION_STATE_HELD_BACK;
  }
  return v1::SESSION_STATE_UNSPECIFIED;
}

std::string Reveal(const Secret& secret) { return std::string(secret.RevealSecret()); }

}  // namespace

void ToProto(const Session& session, v1::Token& token) {
  token.set_access_token(Reveal(session.access_token));
  token.set_header_name(session.header_name);
  SetTime(session.issue_time, *token.mutable_issue_time());
  SetTime(session.expire_time, *token.mutable_expire_time());
  token.set_generation(session.generation);
  token.set_device_id(session.device_id);
  if (session.sendbird_session_token.has_value()) {
    token.set_sendbird_session_token(Reveal(*session.sendbird_session_token));
  }
  if (session.grant != nullptr && session.grant->redirect_project_id.has_value()) {
    token.set_redirect_project_id(*session.grant->redirect_project_id);
  }
}

void ToProto(const SessionRow& row, v1::Session& session) {
  session.set_tenant(row.key.tenant);
  session.set_account(row.key.account);
  session.set_state(ToProto(row.state));
  session.set_generation(row.generation);
  if (row.login_time.has_value()) SetTime(*row.login_time, *session.mutable_login_time());
  if (row.expire_time.has_value()) SetTime(*row.expire_time, *session.mutable_expire_time());
  if (row.next_refresh_time.has_value()) {
    SetTime(*row.next_refresh_time, *session.mutable_next_refresh_time());
  }
  if (row.hold_end_time.has_value()) SetTime(*row.hold_end_time, *session.mutable_hold_end_time());
  session.set_consecutive_failures(row.consecutive_failures);
  session.set_last_error(row.last_error);
  session.set_watchers(row.watchers);
}

v1::Revoked::Reason ToProto(RevokedReason reason) {
  switch (reason) {
    case RevokedReason::kLoggedOut:
      return v1::Revoked::REASON_LOGGED_OUT;
    case RevokedReason::kCredentialRejected:
      return v1::Revoked::REASON_CREDENTIAL_REJECTED;
    case RevokedReason::kAccountForbidden:
      return v1::Revoked::REASON_ACCOUNT_FORBIDDEN;
    case RevokedReason::kTenantRemoved:
      return v1::Revoked::REASON_TENANT_REMOVED;
  }
  return v1::Revoked::REASON_UNSPECIFIED;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

Device FromProto(const v1::Device& device) {
  Device given;
  if (device.has_device_name()) given.device_name = device.device_name();
  if (device.has_browser()) given.browser = device.browser();
  if (device.has_os()) given.os = device.os();
  if (device.has_os_version()) given.os_version = device.os_version();
  return given;
}

}  // namespace credbroker
