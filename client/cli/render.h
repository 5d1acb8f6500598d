#ifndef CREDBROKER_CLIENT_CLI_RENDER_H_
#define CREDBROKER_CLIENT_CLI_RENDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "credbroker/v1/credential_broker.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace credbroker {

// "250ms", "30s", "1h30m". INVALID_ARGUMENT: not of that form, negative or infinite.
absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text);

// Between protobuf's times and Abseil's. A negative or an infinite duration has no use here.
absl::Duration FromProto(const google::protobuf::Duration& duration);
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
google::protobuf::Duration ToProto(absl::Duration duration);

// `text` with every byte that is not printable ASCII, and the backslash, as \xNN: what a peer wrote
// cannot move the cursor or recolour the terminal.
std::string EscapeForTerminal(absl::string_view text);

// UTC, whole seconds: "2030-01-02T03:04:05Z".
std::string TimeText(absl::Time time);

// The two largest units of a positive duration, whole seconds, rounded down: "4m59s", "2d3h", "0s".
std::string ShortDurationText(absl::Duration duration);

// "2030-01-02T03:04:05Z (in 4m59s)" or "… (expired)"; "-" if the token has no expiry.
std::string ExpiryText(const v1::Token& token, absl::Time now);

// "LOGGED_OUT" for REASON_LOGGED_OUT; the number of a reason that this program does not know.
std::string ReasonText(v1::Revoked::Reason reason);

// The sessions as aligned columns under a line of headings, a line each, "-" where there is
// nothing to say. Times are relative to `now`.
std::string SessionTable(const v1::ListSessionsResponse& sessions, absl::Time now);

// Protobuf's JSON mapping in one line without its end; fields at their default are written too.
// INTERNAL: the message has no such form, e.g. a time out of range.
absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_RENDER_H_
