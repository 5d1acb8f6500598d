#include "service/operator/enroll.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"

#include "service/base/base64.h"
#include "service/base/json.h"
#include "service/base/secret.h"
#include "service/base/status_macros.h"
#include "service/operator/upstream_conversation.h"
#include "service/operator/write_secret_file.h"
#include "service/scram/mechanism_traits.h"
#include "service/scram/messages.h"
#include "service/upstream/file_credential.h"
#include "service/upstream/scram_keys_file.h"

namespace credbroker {
namespace {

// What the options say themselves of the keys' parameters; the tenant may have another mechanism.
absl::Status CheckOptions(const EnrollOptions& options) {
  if (options.mechanism.has_value() && !ParseMechanism(*options.mechanism).has_value()) {
    return absl::InvalidArgumentError(
        "--mechanism: neither SCRAM-SHA-1, SCRAM-SHA-256 nor SCRAM-SHA-512");
  }
  if (options.salt.has_value() != options.iteration_count.has_value()) {
    return absl::InvalidArgumentError("--salt and --iterations go together");
  }
  return absl::OkStatus();
}

absl::StatusOr<KeyParameters> GivenParameters(const EnrollOptions& options, const Tenant& tenant) {
  KeyParameters parameters{tenant.mechanism, "", 0};
  std::optional<std::string> salt = StrictBase64Decode(*options.salt);
  if (!salt.has_value() || salt->empty() || salt->size() > ScramLimits{}.max_salt_bytes) {
    return absl::InvalidArgumentError("--salt: not 1 to 1024 bytes in base64");
  }
  if (*options.iteration_count < kMinIterations ||
      *options.iteration_count > tenant.max_iterations) {
    return absl::InvalidArgumentError(absl::StrCat("--iterations: not from ", kMinIterations,
                                                   " to the tenant's max_iterations, ",
                                                   tenant.max_iterations));
  }
  parameters.salt = *std::move(salt);
  parameters.iteration_count = static_cast<uint32_t>(*options.iteration_count);
  return parameters;
}

absl::StatusOr<KeyParameters> AskedParameters(const ConfiguredAccount& account) {
  CREDBROKER_ASSIGN_OR_RETURN(UpstreamConversation::FirstAnswer answer,
                              UpstreamConversation(account).AskFirst());
  return std::move(answer.parameters);
}

absl::Status NameFile(const std::string& file, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::StatusOr<Enrolled> Enroll(const EnrollOptions& options,
                                absl::FunctionRef<absl::StatusOr<std::string>()> read_password) {
  CREDBROKER_RETURN_IF_ERROR(CheckOptions(options));
  CREDBROKER_ASSIGN_OR_RETURN(ConfiguredAccount account, FindConfiguredAccount(options.choice));
  if (options.mechanism.has_value()) {
    Tenant tenant = *account.tenant;
    tenant.mechanism = *ParseMechanism(*options.mechanism);
    account.tenant = std::make_shared<const Tenant>(std::move(tenant));
  }
  const std::string& file =
      options.keys_file.empty() ? account.account.scram_keys_file : options.keys_file;
  if (file.empty()) {
    return absl::InvalidArgumentError(
        "the account has no scram_keys_file in the configuration; --keys-file says where to write");
  }
  struct stat there;
  if (!options.overwrite && lstat(file.c_str(), &there) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(file, ": there is a file already; --overwrite replaces it"));
  }
  CREDBROKER_ASSIGN_OR_RETURN(const KeyParameters parameters,
                              options.salt.has_value() ? GivenParameters(options, *account.tenant)
                                                       : AskedParameters(account));
  CREDBROKER_ASSIGN_OR_RETURN(std::string typed, read_password());
  const Secret password = Secret::Copy(typed, Secret::Place::kSecureHeap);
  OPENSSL_cleanse(typed.data(), typed.size());
  CREDBROKER_ASSIGN_OR_RETURN(ScramKeys keys,
                              CallerCredential(password.Clone()).KeysFrom(password, parameters));
  CREDBROKER_RETURN_IF_ERROR(NameFile(
      file,
      WriteSecretFile(file, FormatScramKeys({parameters, std::move(keys)}), options.overwrite)));
  return Enrolled{account.tenant->name, account.account.name,
                  std::string(MechanismName(parameters.mechanism)), parameters.iteration_count,
                  file};
}

std::string EnrolledJson(const Enrolled& enrolled) {
  const Json all = {{"tenant", enrolled.tenant},
                    {"account", enrolled.account},
                    {"mechanism", enrolled.mechanism},
                    {"iterationCount", enrolled.iteration_count},
                    {"keysFile", enrolled.keys_file}};
  return all.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace credbroker
