#ifndef CREDBROKER_SERVICE_BASE_BASE64_H_
#define CREDBROKER_SERVICE_BASE_BASE64_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "service/base/secret.h"

namespace credbroker {

// RFC 4648 section 4, with padding.
std::string Base64Encode(absl::string_view bytes);

// The inverse, and nothing but the inverse: refuses white space, missing padding, the URL alphabet
// and encodings whose unused bits are not zero. So no two texts stand for the same bytes.
std::optional<std::string> StrictBase64Decode(absl::string_view text);

// The same two for keys: no copy stays behind, and the result is on the secure heap.
Secret SecretBase64Encode(absl::string_view bytes);
std::optional<Secret> StrictSecretBase64Decode(absl::string_view text);

// RFC 4648 section 5 without padding, as in a JWT (RFC 7515 section 2), equally strict.
std::optional<std::string> StrictBase64UrlDecode(absl::string_view text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_BASE64_H_
