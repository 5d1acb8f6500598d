#include "service/base/base64.h"

#include <openssl/crypto.h>

#include "absl/strings/escaping.h"

namespace credbroker {
namespace {

// All of the string's memory, whatever it holds now.
void Wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
}

}  // namespace

std::string Base64Encode(absl::string_view bytes) { return absl::Base64Escape(bytes); }

std::optional<std::string> StrictBase64Decode(absl::string_view text) {
  std::string bytes;
  // Base64Unescape is lenient, hence the way back.
  if (!absl::Base64Unescape(text, &bytes) || Base64Encode(bytes) != text) return std::nullopt;
  return bytes;
}

Secret SecretBase64Encode(absl::string_view bytes) {
  std::string text = Base64Encode(bytes);
  Secret secret = Secret::Copy(text, Secret::Place::kSecureHeap);
  Wipe(text);
  return secret;
}

std::optional<Secret> StrictSecretBase64Decode(absl::string_view text) {
  std::optional<std::string> bytes = StrictBase64Decode(text);
  if (!bytes.has_value()) return std::nullopt;
  Secret secret = Secret::Copy(*bytes, Secret::Place::kSecureHeap);
  Wipe(*bytes);
  return secret;
}

std::optional<std::string> StrictBase64UrlDecode(absl::string_view text) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(text, &bytes) || absl::WebSafeBase64Escape(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace credbroker
