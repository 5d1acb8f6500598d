#include "service/api/status_mapping.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "service/base/log.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kLongestName = 254;
constexpr absl::Duration kDefaultRetryDelay = absl::Seconds(1);

// Whether the contract promises RetryInfo.
bool AlwaysHasRetryInfo(Reason reason) {
  switch (reason) {
    case Reason::kCredentialHeldBack:
    case Reason::kUpstreamUnavailable:
    case Reason::kUpstreamMalformed:
    case Reason::kStoreUnavailable:
    case Reason::kDraining:
    case Reason::kOverloaded:
    case Reason::kAuditUnavailable:
      return true;
    default:
      return false;
  }
}

// Reasons that pass between folders of the service and must not get here.
bool IsInternal(Reason reason) {
  return reason == Reason::kRefreshTokenDead || reason == Reason::kAccessTokenDead;
}

grpc::Status BrokenInvariant(const absl::Status& status, const std::optional<Reason>& reason) {
  Log(LogLevel::kError, "unexpected_status",
      {{"code", absl::StatusCodeToString(status.code())},
       {"reason", reason.has_value() ? ReasonName(*reason) : absl::string_view("")}});
  return grpc::Status(grpc::StatusCode::INTERNAL, "internal error of the broker");
}

void SetName(const std::string& name, const std::string& value, google::rpc::ErrorInfo& error) {
  if (!value.empty() && value.size() <= kLongestName) (*error.mutable_metadata())[name] = value;
}

google::rpc::ErrorInfo MakeErrorInfo(Reason reason, const CallNames& names) {
  google::rpc::ErrorInfo error;
  error.set_domain("credbroker");
  error.set_reason(std::string(ReasonName(reason)));
  SetName("tenant", names.tenant, error);
  SetName("account", names.account, error);
  if (reason == Reason::kCallerNotAllowed) SetName("principal", names.principal, error);
  return error;
}

google::rpc::RetryInfo MakeRetryInfo(absl::Duration delay) {
  google::rpc::RetryInfo retry;
  if (delay < absl::ZeroDuration()) delay = absl::ZeroDuration();
  const int64_t seconds = absl::IDivDuration(delay, absl::Seconds(1), &delay);
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
  return retry;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status, const CallNames& names) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message());
  const std::optional<Reason> reason = ReasonOf(status);
  if (!reason.has_value()) {
    if (absl::IsDeadlineExceeded(status) || absl::IsCancelled(status)) {
      return grpc::Status(code, message);
    }
    return BrokenInvariant(status, reason);
  }
  if (IsInternal(*reason)) return BrokenInvariant(status, reason);

  google::rpc::Status rich;
  rich.set_code(static_cast<int>(code));
  rich.set_message(message);
  rich.add_details()->PackFrom(MakeErrorInfo(*reason, names));
  std::optional<absl::Duration> delay = RetryAfterOf(status);
  if (!delay.has_value() && AlwaysHasRetryInfo(*reason)) delay = kDefaultRetryDelay;
  if (delay.has_value()) rich.add_details()->PackFrom(MakeRetryInfo(*delay));
  return grpc::Status(code, message, rich.SerializeAsString());
}

}  // namespace credbroker
