#ifndef CREDBROKER_SERVICE_UPSTREAM_RESPONSE_HEADERS_H_
#define CREDBROKER_SERVICE_UPSTREAM_RESPONSE_HEADERS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/base/secret.h"
#include "service/upstream/http_client.h"

namespace credbroker {

// What upstream says in the headers of a response. Pure functions; names match without regard to
// case.

// The access token: the value of the header `session_header`, or of `Authorization` with the scheme
// Bearer (RFC 6750 section 2.1). UPSTREAM_MALFORMED if there is none or more than one, if it is
// longer than 8 KiB or holds anything but visible ASCII.
absl::StatusOr<Secret> AccessToken(const HttpResponse& response, absl::string_view session_header);

// When upstream sent it by its own clock (`Date`, RFC 9110 section 6.6.1); nothing if it does not
// say so, or says so twice.
std::optional<absl::Time> ServerDate(const HttpResponse& response);

// How long upstream asks to wait (`Retry-After`, RFC 9110 section 10.2.3: seconds or a date,
// counted from ServerDate, or from `now` without one), 5 minutes at most; nothing if it does not
// ask.
std::optional<absl::Duration> RetryAfter(const HttpResponse& response, absl::Time now);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_RESPONSE_HEADERS_H_
