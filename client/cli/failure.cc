#include "client/cli/failure.h"

#include <array>
#include <cstddef>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "client/cli/render.h"

namespace credbroker {
namespace {

constexpr std::array<const char*, 17> kCodeNames = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

struct Details {
  std::optional<google::rpc::ErrorInfo> error;
  std::optional<absl::Duration> retry_delay;
};

Details Decode(const std::string& bytes) {
  Details details;
  google::rpc::Status status;
  if (!status.ParseFromString(bytes)) return details;
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo error;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&error)) {
      details.error = error;
    } else if (any.UnpackTo(&retry)) {
      details.retry_delay = FromProto(retry.retry_delay());
    }
  }
  return details;
}

// Whole seconds from one second on, else milliseconds; never shorter than asked for.
std::string RetryText(absl::Duration delay) {
  const absl::Duration unit = delay < absl::Seconds(1) ? absl::Milliseconds(1) : absl::Seconds(1);
  return absl::FormatDuration(absl::Ceil(delay, unit));
}

// The first thing that goes wrong on a laptop, and gRPC's words for it help nobody.
absl::string_view TlsHint(const grpc::Status& status) {
  const bool no_tls = absl::StrContains(status.error_message(), "WRONG_VERSION_NUMBER") ||
                      absl::StrContains(status.error_message(), "wrong version number");
  return no_tls ? "; no TLS there: is --plaintext missing?" : "";
}

}  // namespace

std::string CodeName(grpc::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  if (index < kCodeNames.size()) return kCodeNames.at(index);
  return absl::StrCat("CODE_", static_cast<int>(code));
}

std::string DescribeFailure(const grpc::Status& status, absl::string_view address) {
  const Details details = Decode(status.error_details());
  std::string text = CodeName(status.error_code());
  if (details.error.has_value() && !details.error->reason().empty()) {
    absl::StrAppend(&text, ": ", EscapeForTerminal(details.error->reason()));
  }
  if (!status.error_message().empty()) {
    absl::StrAppend(&text, ": ", EscapeForTerminal(status.error_message()));
  }
  if (details.error.has_value()) {
    const auto principal = details.error->metadata().find("principal");
    if (principal != details.error->metadata().end()) {
      absl::StrAppend(&text, " (you are ", EscapeForTerminal(principal->second), ")");
    }
  } else {
    absl::StrAppend(&text, " (broker at ", EscapeForTerminal(address), TlsHint(status), ")");
  }
  if (details.retry_delay.has_value() && *details.retry_delay > absl::ZeroDuration()) {
    absl::StrAppend(&text, "; retry in ", RetryText(*details.retry_delay));
  }
  return text;
}

}  // namespace credbroker
