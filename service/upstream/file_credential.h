#ifndef CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_
#define CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_

#include <string>

#include "absl/status/statusor.h"

#include "service/base/secret.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// A configured account's password, in a file that is read whenever it is needed and then wiped from
// memory. One newline at the end ("\n" or "\r\n") is not part of it. LOGIN_REQUIRED if the file
// cannot be read, is empty or holds more than 4 KiB.
class FileCredential : public Credential {
 public:
  explicit FileCredential(std::string path);
  absl::StatusOr<Secret> Read() const override;

 private:
  const std::string path_;
};

// A password that a caller sent with its login.
class CallerCredential : public Credential {
 public:
  explicit CallerCredential(Secret password);
  absl::StatusOr<Secret> Read() const override;

 private:
  const Secret password_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_FILE_CREDENTIAL_H_
