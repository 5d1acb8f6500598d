#ifndef CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_
#define CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "service/base/secret.h"
#include "service/model/tenant.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// A credential that is a password: the keys are derived from it. LOGIN_REQUIRED if SASLprep refuses
// it.
class PasswordCredential : public Credential {
 public:
  absl::StatusOr<ScramKeys> KeysFrom(const Secret& password,
                                     const KeyParameters& parameters) const override;
};

// A configured account's password, in a file that is read whenever it is needed and then wiped from
// memory. One newline at the end ("\n" or "\r\n") is not part of it. LOGIN_REQUIRED if the file
// cannot be read, is empty or holds more than 4 KiB.
class FileCredential : public PasswordCredential {
 public:
  explicit FileCredential(std::string path);
  absl::StatusOr<Secret> Read() const override;

 private:
  const std::string path_;
};

// A password that a caller sent with its login.
class CallerCredential : public PasswordCredential {
 public:
  explicit CallerCredential(Secret password);
  absl::StatusOr<Secret> Read() const override;

 private:
  const Secret password_;
};

// The credential that the account is configured with: its password_file or its scram_keys_file.
std::shared_ptr<const Credential> ConfiguredCredential(const Account& account);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_
