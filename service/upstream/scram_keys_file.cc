#include "service/upstream/scram_keys_file.h"

#include <openssl/crypto.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

#include "service/base/base64.h"
#include "service/base/json.h"
#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/scram/mechanism_traits.h"
#include "service/scram/messages.h"
#include "service/upstream/secret_file.h"
#include "service/upstream/session_json.h"

namespace credbroker {
namespace {

constexpr uint64_t kFormatVersion = 1;
constexpr size_t kMembers = 6;

absl::Status Refusal(absl::string_view why) {
  return Failure(Reason::kLoginRequired, absl::StrCat("the account's SCRAM keys file ", why));
}

std::optional<uint64_t> Number(const Json& file, const char* name) {
  const auto found = file.find(name);
  return found == file.end() ? std::nullopt : AsWholeNumber(*found);
}

absl::StatusOr<Secret> TakeKey(Json& file, const char* name, Mechanism mechanism) {
  const absl::StatusOr<Secret> text = TakeSecret(file, name);
  if (text.ok()) {
    std::optional<Secret> key = StrictSecretBase64Decode(text->RevealSecret());
    if (key.has_value() && key->size() == HashSize(mechanism)) return *std::move(key);
  }
  return Refusal(absl::StrCat("has no ", name, " of ", HashSize(mechanism), " bytes in base64"));
}

absl::StatusOr<KeyParameters> ReadParameters(const Json& file) {
  KeyParameters parameters;
  const std::optional<Mechanism> mechanism =
      ParseMechanism(StringMember(file, "mechanism").value_or(""));
  if (!mechanism.has_value()) return Refusal("names no known mechanism");
  parameters.mechanism = *mechanism;
  std::optional<std::string> salt = StrictBase64Decode(StringMember(file, "salt").value_or(""));
  if (!salt.has_value() || salt->empty() || salt->size() > ScramLimits{}.max_salt_bytes) {
    return Refusal("has no salt of 1 to 1024 bytes in base64");
  }
  parameters.salt = *std::move(salt);
  const std::optional<uint64_t> count = Number(file, "iterationCount");
  if (!count.has_value() || *count < kMinIterations ||
      *count > std::numeric_limits<int32_t>::max()) {
    return Refusal("has no iterationCount from 4096");
  }
  parameters.iteration_count = static_cast<uint32_t>(*count);
  return parameters;
}

absl::Status CompareParameters(const KeyParameters& enrolled, const KeyParameters& asked) {
  if (enrolled == asked) return absl::OkStatus();
  if (enrolled.mechanism != asked.mechanism) {
    return Failure(
        Reason::kLoginRequired,
        absl::StrCat("the account's SCRAM keys are for ", MechanismName(enrolled.mechanism),
                     ", but the tenant uses ", MechanismName(asked.mechanism),
                     ": enroll the account again (credbroker enroll)"));
  }
  const bool salt = enrolled.salt != asked.salt;
  const bool count = enrolled.iteration_count != asked.iteration_count;
  return Failure(Reason::kLoginRequired,
                 absl::StrCat("upstream has another ", salt ? "salt" : "",
                              salt && count ? " and " : "", count ? "iteration count" : "",
                              " for the account than its SCRAM keys were made with, as after a "
                              "change of the password: enroll the account again (credbroker "
                              "enroll); no login was attempted"));
}

}  // namespace

Secret FormatScramKeys(const EnrolledKeys& enrolled) {
  const Secret client_key = SecretBase64Encode(enrolled.keys.client_key.RevealSecret());
  const Secret server_key = SecretBase64Encode(enrolled.keys.server_key.RevealSecret());
  std::string text = absl::StrCat(
      "{\n  \"version\": ", kFormatVersion, ",\n  \"mechanism\": \"",
      MechanismName(enrolled.parameters.mechanism), "\",\n  \"salt\": \"",
      Base64Encode(enrolled.parameters.salt),
      "\",\n  \"iterationCount\": ", enrolled.parameters.iteration_count, ",\n  \"clientKey\": \"",
      client_key.RevealSecret(), "\",\n  \"serverKey\": \"", server_key.RevealSecret(), "\"\n}\n");
  Secret secret = Secret::Copy(text);
  OPENSSL_cleanse(text.data(), text.size());
  return secret;
}

absl::StatusOr<EnrolledKeys> ParseScramKeys(absl::string_view text) {
  absl::StatusOr<Json> file = ParseUntrustedJson(text);
  if (!file.ok()) return Refusal("is not an acceptable JSON object");
  const absl::Cleanup wipe = [&file] { WipeTexts(*file); };
  if (!file->is_object()) return Refusal("is not an acceptable JSON object");
  absl::StatusOr<KeyParameters> parameters = ReadParameters(*file);
  const Mechanism mechanism = parameters.ok() ? parameters->mechanism : Mechanism::kScramSha1;
  absl::StatusOr<Secret> client_key = TakeKey(*file, "clientKey", mechanism);
  absl::StatusOr<Secret> server_key = TakeKey(*file, "serverKey", mechanism);
  if (Number(*file, "version") != kFormatVersion)
    return Refusal("has no version that is known here");
  CREDBROKER_RETURN_IF_ERROR(parameters.status());
  CREDBROKER_RETURN_IF_ERROR(client_key.status());
  CREDBROKER_RETURN_IF_ERROR(server_key.status());
  if (file->size() != kMembers) return Refusal("has members that are not known here");
  return EnrolledKeys{*std::move(parameters), {*std::move(client_key), *std::move(server_key)}};
}

ScramKeysCredential::ScramKeysCredential(std::string path) : path_(std::move(path)) {}

absl::StatusOr<Secret> ScramKeysCredential::Read() const {
  CREDBROKER_ASSIGN_OR_RETURN(Secret text, ReadSecretFile(path_, "SCRAM keys file"));
  // A file that is being written must count as unreadable, not as another content.
  CREDBROKER_RETURN_IF_ERROR(ParseScramKeys(text.RevealSecret()).status());
  return text;
}

absl::StatusOr<ScramKeys> ScramKeysCredential::KeysFrom(const Secret& text,
                                                        const KeyParameters& parameters) const {
  CREDBROKER_ASSIGN_OR_RETURN(EnrolledKeys enrolled, ParseScramKeys(text.RevealSecret()));
  CREDBROKER_RETURN_IF_ERROR(CompareParameters(enrolled.parameters, parameters));
  return std::move(enrolled.keys);
}

}  // namespace credbroker
