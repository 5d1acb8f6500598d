#ifndef CREDBROKER_SERVICE_BASE_JSON_H_
#define CREDBROKER_SERVICE_BASE_JSON_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace credbroker {

using Json = nlohmann::json;

// Parses what a stranger sent (RFC 8259). Refuses more than 16 levels, duplicate names, bytes that
// are not UTF-8, and anything after the value. INVALID_ARGUMENT, with a message that quotes nothing
// of the input, which may be a secret. Does not throw.
absl::StatusOr<Json> ParseUntrustedJson(absl::string_view text);

// Wipes every text in it, but no name: for what held secrets and was not used after all. What the
// parser itself read the texts into is beyond reach (service/README.md, "Secrets in memory").
void WipeTexts(Json& value);

// The member `name` of `object` if it is a string; nothing if it is absent, null or something else.
std::optional<std::string> StringMember(const Json& object, absl::string_view name);

// The number, if it is one, finite, without a fraction, and from 0 to 2^53; whether it was written
// as 4096, 4096.0 or 4.096e3.
std::optional<uint64_t> AsWholeNumber(const Json& value);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_JSON_H_
