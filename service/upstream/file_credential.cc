#include "service/upstream/file_credential.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/string_view.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"
#include "service/scram/saslprep.h"
#include "service/upstream/scram_keys_file.h"
#include "service/upstream/secret_file.h"

namespace credbroker {
namespace {

size_t SizeWithoutNewline(absl::string_view text) {
  if (text.empty() || text.back() != '\n') return text.size();
  text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text.size();
}

}  // namespace

absl::StatusOr<ScramKeys> PasswordCredential::KeysFrom(const Secret& password,
                                                       const KeyParameters& parameters) const {
  const absl::Cleanup wipe = WipeDeadStack;
  CREDBROKER_ASSIGN_OR_RETURN(const Secret prepared, SaslPrepPassword(password));
  return DeriveKeys(parameters, prepared);
}

FileCredential::FileCredential(std::string path) : path_(std::move(path)) {}

absl::StatusOr<Secret> FileCredential::Read() const {
  CREDBROKER_ASSIGN_OR_RETURN(const Secret content, ReadSecretFile(path_, "password file"));
  const absl::string_view text = content.RevealSecret();
  const size_t size = SizeWithoutNewline(text);
  if (size == 0) return Failure(Reason::kLoginRequired, "the account's password file is empty");
  return Secret::Copy(text.substr(0, size), Secret::Place::kSecureHeap);
}

CallerCredential::CallerCredential(Secret password) : password_(std::move(password)) {}

absl::StatusOr<Secret> CallerCredential::Read() const { return password_.Clone(); }

std::shared_ptr<const Credential> ConfiguredCredential(const Account& account) {
  if (!account.scram_keys_file.empty()) {
    return std::make_shared<ScramKeysCredential>(account.scram_keys_file);
  }
  return std::make_shared<FileCredential>(account.password_file);
}

}  // namespace credbroker
