#ifndef CREDBROKER_SERVICE_UPSTREAM_SESSION_JSON_H_
#define CREDBROKER_SERVICE_UPSTREAM_SESSION_JSON_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/json.h"
#include "service/base/secret.h"
#include "service/scram/exchange.h"
#include "service/scram/messages.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The bodies of the session API: requests to text, answers to values. Pure functions. Failures are
// UPSTREAM_MALFORMED unless it says otherwise, and quote nothing.

Secret ScramFirstBody(const ScramExchange::First& message);
Secret ScramFinalBody(absl::string_view user, const ScramExchange::Final& message,
                      const Device& device);
Secret RefreshBody(const Secret& refresh_token);

// The object that a body must be. It may hold secrets: to be given to WipeTexts in the end.
absl::StatusOr<Json> ParseAnswer(const Secret& body);

// What the answer to the first message says of SCRAM. UPSTREAM_UNTRUSTED if the iteration count is
// no whole number or the salt no text, MALFORMED if a member is missing.
absl::StatusOr<ServerFirst> ReadServerFirst(const Json& answer);

// The Unix time at which the challenge lapses, in seconds.
absl::StatusOr<double> ReadExpires(const Json& answer);

// A member that must be a text with at least one character, or may also be null or absent.
absl::StatusOr<std::string> RequiredText(const Json& answer, absl::string_view name);
absl::StatusOr<std::optional<std::string>> OptionalText(const Json& answer, absl::string_view name);

// The same for secrets. What `answer` held of it is wiped.
absl::StatusOr<Secret> TakeSecret(Json& answer, absl::string_view name);
absl::StatusOr<std::optional<Secret>> TakeOptionalSecret(Json& answer, absl::string_view name);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_SESSION_JSON_H_
