#include "service/upstream/response_headers.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kLongestToken = size_t{8} * 1024;
constexpr absl::Duration kLongestWait = absl::Minutes(5);

std::vector<absl::string_view> ValuesOf(const HttpResponse& response, absl::string_view name) {
  std::vector<absl::string_view> values;
  for (const HttpHeader& header : response.headers) {
    if (absl::EqualsIgnoreCase(header.name, name)) values.push_back(header.value.RevealSecret());
  }
  return values;
}

// Takes "Bearer " away; false if it is not there.
bool ConsumeBearer(absl::string_view& value) {
  constexpr absl::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(value, kScheme)) return false;
  value = absl::StripLeadingAsciiWhitespace(value.substr(kScheme.size()));
  return true;
}

bool IsVisibleAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

// IMF-fixdate, the one form that senders may use (RFC 9110 section 5.6.7).
std::optional<absl::Time> ParseHttpDate(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) return std::nullopt;
  return time;
}

}  // namespace

absl::StatusOr<Secret> AccessToken(const HttpResponse& response, absl::string_view session_header) {
  std::vector<absl::string_view> tokens;
  const bool is_authorization = absl::EqualsIgnoreCase(session_header, "Authorization");
  if (!is_authorization) tokens = ValuesOf(response, session_header);
  for (absl::string_view value : ValuesOf(response, "Authorization")) {
    if (ConsumeBearer(value) || is_authorization) tokens.push_back(value);
  }
  if (tokens.empty()) {
    return Failure(Reason::kUpstreamMalformed,
                   "upstream's answer has no access token; check the tenant's session_header");
  }
  if (tokens.size() > 1) {
    return Failure(Reason::kUpstreamMalformed, "upstream's answer has more than one access token");
  }
  const absl::string_view token = tokens.front();
  if (token.empty() || token.size() > kLongestToken || !IsVisibleAscii(token)) {
    return Failure(Reason::kUpstreamMalformed,
                   "upstream's access token is empty, too long or not printable");
  }
  return Secret::Copy(token);
}

std::optional<absl::Time> ServerDate(const HttpResponse& response) {
  const std::vector<absl::string_view> dates = ValuesOf(response, "Date");
  if (dates.size() != 1) return std::nullopt;
  return ParseHttpDate(dates.front());
}

std::optional<absl::Duration> RetryAfter(const HttpResponse& response, absl::Time now) {
  const std::vector<absl::string_view> values = ValuesOf(response, "Retry-After");
  if (values.size() != 1) return std::nullopt;
  absl::Duration wait;
  if (uint64_t seconds = 0; absl::SimpleAtoi(values.front(), &seconds)) {
    wait = absl::Seconds(std::min<uint64_t>(seconds, 86'400));
  } else if (const std::optional<absl::Time> date = ParseHttpDate(values.front())) {
    wait = *date - ServerDate(response).value_or(now);
  }
  if (wait <= absl::ZeroDuration()) return std::nullopt;
  return std::min(wait, kLongestWait);
}

}  // namespace credbroker
