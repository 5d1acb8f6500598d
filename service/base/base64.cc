#include "service/base/base64.h"

#include "absl/strings/escaping.h"

namespace credbroker {

std::string Base64Encode(absl::string_view bytes) { return absl::Base64Escape(bytes); }

std::optional<std::string> StrictBase64Decode(absl::string_view text) {
  std::string bytes;
  // Base64Unescape is lenient, hence the way back.
  if (!absl::Base64Unescape(text, &bytes) || Base64Encode(bytes) != text) return std::nullopt;
  return bytes;
}

std::optional<std::string> StrictBase64UrlDecode(absl::string_view text) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(text, &bytes) || absl::WebSafeBase64Escape(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace credbroker
