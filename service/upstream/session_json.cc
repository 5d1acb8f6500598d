#include "service/upstream/session_json.h"

#include <openssl/crypto.h>

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

absl::Status Malformed(absl::string_view what, absl::string_view name) {
  return Failure(Reason::kUpstreamMalformed, absl::StrCat("upstream's answer ", what, " ", name));
}

void Wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

Secret Dump(const Json& body) {
  // Replaces what is not UTF-8, rather than throw.
  std::string text = body.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                               Json::error_handler_t::replace);
  Secret secret = Secret::Copy(text);
  Wipe(text);
  return secret;
}

Json OrNull(const std::optional<std::string>& text) {
  return text.has_value() ? Json(*text) : Json(nullptr);
}

const Json* Member(const Json& answer, absl::string_view name) {
  const auto found = answer.find(std::string(name));
  return found == answer.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Secret ScramFirstBody(const ScramExchange::First& message) {
  return Dump({{"email", message.user}, {"nonce", message.nonce}});
}

Secret ScramFinalBody(absl::string_view user, const ScramExchange::Final& message,
                      const Device& device) {
  return Dump({{"email", std::string(user)},
               {"nonce", message.nonce},
               {"proof", message.proof},
               {"os", device.os.value_or("")},
               {"osVersion", device.os_version.value_or("")},
               {"deviceName", OrNull(device.device_name)},
               {"browser", OrNull(device.browser)}});
}

Secret RefreshBody(const Secret& refresh_token) {
  Json body = Json::object();
  auto& text =
      (body["refreshToken"] = std::string(refresh_token.RevealSecret())).get_ref<std::string&>();
  Secret secret = Dump(body);
  Wipe(text);
  return secret;
}

absl::StatusOr<Json> ParseAnswer(const Secret& body) {
  absl::StatusOr<Json> answer = ParseUntrustedJson(body.RevealSecret());
  if (!answer.ok() || !answer->is_object()) {
    if (answer.ok()) WipeTexts(*answer);
    return Failure(Reason::kUpstreamMalformed,
                   "upstream's answer is not an acceptable JSON object");
  }
  return answer;
}

absl::StatusOr<ServerFirst> ReadServerFirst(const Json& answer) {
  ServerFirst message;
  CREDBROKER_ASSIGN_OR_RETURN(message.nonce, RequiredText(answer, "nonce"));
  const Json* salt = Member(answer, "salt");
  if (salt == nullptr) return Malformed("lacks", "salt");
  const Json* iteration_count = Member(answer, "iterationCount");
  if (iteration_count == nullptr) return Malformed("lacks", "iterationCount");
  const std::optional<uint64_t> count = AsWholeNumber(*iteration_count);
  if (!count.has_value()) {
    return Failure(Reason::kUpstreamUntrusted, "upstream's iteration count is no whole number");
  }
  if (!salt->is_string()) {
    return Failure(Reason::kUpstreamUntrusted, "upstream's salt is no text");
  }
  message.salt = salt->get_ref<const std::string&>();
  message.iteration_count = *count;
  return message;
}

absl::StatusOr<double> ReadExpires(const Json& answer) {
  const Json* expires = Member(answer, "expires");
  if (expires == nullptr || !expires->is_number()) return Malformed("lacks a number", "expires");
  return expires->get<double>();
}

absl::StatusOr<std::string> RequiredText(const Json& answer, absl::string_view name) {
  const Json* member = Member(answer, name);
  if (member == nullptr || !member->is_string() || member->get_ref<const std::string&>().empty()) {
    return Malformed("lacks a text", name);
  }
  return member->get_ref<const std::string&>();
}

absl::StatusOr<std::optional<std::string>> OptionalText(const Json& answer,
                                                        absl::string_view name) {
  const Json* member = Member(answer, name);
  if (member == nullptr) return std::optional<std::string>();
  if (!member->is_string()) return Malformed("has something other than a text as", name);
  return std::optional<std::string>(member->get_ref<const std::string&>());
}

absl::StatusOr<std::optional<Secret>> TakeOptionalSecret(Json& answer, absl::string_view name) {
  const auto found = answer.find(std::string(name));
  if (found == answer.end() || found->is_null()) return std::optional<Secret>();
  if (!found->is_string()) return Malformed("has something other than a text as", name);
  auto& text = found->get_ref<std::string&>();
  std::optional<Secret> secret = Secret::Copy(text);
  Wipe(text);
  text.clear();
  return secret;
}

absl::StatusOr<Secret> TakeSecret(Json& answer, absl::string_view name) {
  CREDBROKER_ASSIGN_OR_RETURN(std::optional<Secret> secret, TakeOptionalSecret(answer, name));
  if (!secret.has_value() || secret->empty()) return Malformed("lacks a text", name);
  return *std::move(secret);
}

}  // namespace credbroker
