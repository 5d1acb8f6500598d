#include "service/api/field_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

constexpr size_t kLongestPassword = 1024;
constexpr size_t kLongestDeviceText = 256;
// The bounds of google.protobuf.Duration.
constexpr int64_t kMostSeconds = 315'576'000'000;
constexpr int32_t kMostNanos = 999'999'999;

absl::Status Invalid(absl::string_view field, absl::string_view why) {
  return Failure(Reason::kInvalidField, absl::StrCat(field, ": ", why));
}

absl::Status CheckTenant(absl::string_view tenant) {
  if (tenant.empty()) return Invalid("tenant", "required");
  if (!IsName(tenant)) return Invalid("tenant", "must match [a-z0-9][a-z0-9._-]{0,62}");
  return absl::OkStatus();
}

absl::Status CheckAccount(absl::string_view account) {
  if (account.empty() || IsName(account)) return absl::OkStatus();
  if (absl::StrContains(account, '@') && IsEmailAddress(account)) return absl::OkStatus();
  return Invalid("account", "must match [a-z0-9][a-z0-9._-]{0,62} or be an e-mail address");
}

template <typename Request>
absl::Status CheckNames(const Request& request) {
  CREDBROKER_RETURN_IF_ERROR(CheckTenant(request.tenant()));
  return CheckAccount(request.account());
}

absl::Status CheckLifetime(const google::protobuf::Duration& lifetime) {
  constexpr char kField[] = "min_remaining_lifetime";
  if (lifetime.seconds() < 0 || lifetime.nanos() < 0) {
    return Invalid(kField, "must not be negative");
  }
  if (lifetime.seconds() > kMostSeconds || lifetime.nanos() > kMostNanos) {
    return Invalid(kField, "not a valid duration");
  }
  return absl::OkStatus();
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

absl::Status CheckDeviceText(absl::string_view field, absl::string_view text) {
  if (text.size() > kLongestDeviceText) return Invalid(field, "at most 256 bytes");
  if (std::any_of(text.begin(), text.end(), IsControl)) {
    return Invalid(field, "must not contain control characters");
  }
  return absl::OkStatus();
}

absl::Status CheckDevice(const v1::Device& device) {
  CREDBROKER_RETURN_IF_ERROR(CheckDeviceText("device.device_name", device.device_name()));
  CREDBROKER_RETURN_IF_ERROR(CheckDeviceText("device.browser", device.browser()));
  CREDBROKER_RETURN_IF_ERROR(CheckDeviceText("device.os", device.os()));
  return CheckDeviceText("device.os_version", device.os_version());
}

}  // namespace

absl::Status CheckFields(const v1::GetTokenRequest& request) {
  CREDBROKER_RETURN_IF_ERROR(CheckNames(request));
  return CheckLifetime(request.min_remaining_lifetime());
}

absl::Status CheckFields(const v1::LoginRequest& request) {
  CREDBROKER_RETURN_IF_ERROR(CheckNames(request));
  if (request.has_password() && request.password().empty()) {
    return Invalid("password", "must not be empty");
  }
  if (request.password().size() > kLongestPassword) {
    return Invalid("password", "at most 1024 bytes");
  }
  return CheckDevice(request.device());
}

absl::Status CheckFields(const v1::RefreshRequest& request) { return CheckNames(request); }

absl::Status CheckFields(const v1::WatchTokenRequest& request) { return CheckNames(request); }

absl::Status CheckFields(const v1::LogoutRequest& request) { return CheckNames(request); }

absl::Status CheckFields(const v1::ListSessionsRequest& request) {
  if (!request.tenant().empty()) CREDBROKER_RETURN_IF_ERROR(CheckTenant(request.tenant()));
  if (request.page_size() < 0) return Invalid("page_size", "must not be negative");
  return absl::OkStatus();
}

}  // namespace credbroker
