#include "client/cli/render.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"

namespace credbroker {
namespace {

constexpr size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

std::string StateText(v1::SessionState state) {
  absl::string_view name = v1::SessionState_Name(state);
  if (name.empty()) return absl::StrCat(static_cast<int>(state));
  absl::ConsumePrefix(&name, "SESSION_STATE_");
  return std::string(name);
}

// How far away a time is that may be absent; `past` if it is not ahead any more.
std::string Until(bool present, const google::protobuf::Timestamp& time, absl::Time now,
                  const char* past) {
  if (!present) return "-";
  const absl::Duration left = FromProto(time) - now;
  return left > absl::ZeroDuration() ? ShortDurationText(left) : past;
}

std::string OrDash(absl::string_view text) { return text.empty() ? "-" : EscapeForTerminal(text); }

Row SessionRow(const v1::Session& session, absl::Time now) {
  return {
      OrDash(session.tenant()),
      OrDash(session.account()),
      StateText(session.state()),
      absl::StrCat(session.generation()),
      Until(session.has_expire_time(), session.expire_time(), now, "expired"),
      Until(session.has_next_refresh_time(), session.next_refresh_time(), now, "now"),
      Until(session.has_hold_end_time(), session.hold_end_time(), now, "over"),
      absl::StrCat(session.consecutive_failures()),
      OrDash(session.last_error()),
      absl::StrCat(session.watchers()),
  };
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDurationText(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError("not a duration such as 250ms, 30s, 5m or 1h");
  }
  if (duration < absl::ZeroDuration()) return absl::InvalidArgumentError("negative");
  if (duration == absl::InfiniteDuration()) return absl::InvalidArgumentError("infinite");
  return duration;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

std::string EscapeForTerminal(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isprint(byte) && c != '\\') {
      escaped.push_back(c);
    } else {
      absl::StrAppendFormat(&escaped, "\\x%02x", byte);
    }
  }
  return escaped;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string ShortDurationText(absl::Duration duration) {
  struct Unit {
    int64_t seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits = {{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  int64_t left = absl::ToInt64Seconds(duration);
  for (size_t i = 0; i + 1 < kUnits.size(); ++i) {
    const Unit& large = kUnits.at(i);
    const Unit& small = kUnits.at(i + 1);
    if (left < large.seconds) continue;
    const int64_t rest = left % large.seconds / small.seconds;
    return rest == 0 ? absl::StrCat(left / large.seconds, large.name)
                     : absl::StrCat(left / large.seconds, large.name, rest, small.name);
  }
  return absl::StrCat(left, "s");
}

std::string ExpiryText(const v1::Token& token, absl::Time now) {
  if (!token.has_expire_time()) return "-";
  const absl::Time expiry = FromProto(token.expire_time());
  // Exactly now is expired.
  if (now >= expiry) return absl::StrCat(TimeText(expiry), " (expired)");
  return absl::StrCat(TimeText(expiry), " (in ", ShortDurationText(expiry - now), ")");
}

std::string ReasonText(v1::Revoked::Reason reason) {
  absl::string_view name = v1::Revoked::Reason_Name(reason);
  if (name.empty()) return absl::StrCat(static_cast<int>(reason));
  absl::ConsumePrefix(&name, "REASON_");
  return std::string(name);
}

std::string SessionTable(const v1::ListSessionsResponse& sessions, absl::Time now) {
  std::vector<Row> rows = {{"TENANT", "ACCOUNT", "STATE", "GENERATION", "REMAINING", "REFRESH IN",
                            "HELD FOR", "FAILURES", "LAST ERROR", "WATCHERS"}};
  for (const v1::Session& session : sessions.sessions()) rows.push_back(SessionRow(session, now));
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), row.at(i).size());
  }
  std::string table;
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < kColumns; ++i) {
      absl::StrAppend(&table, row.at(i), std::string(widths.at(i) - row.at(i).size() + 2, ' '));
    }
    absl::StrAppend(&table, row.back(), "\n");
  }
  return table;
}

absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    return absl::InternalError("the broker's answer has no JSON form");
  }
  return json;
}

}  // namespace credbroker
