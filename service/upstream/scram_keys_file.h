#ifndef CREDBROKER_SERVICE_UPSTREAM_SCRAM_KEYS_FILE_H_
#define CREDBROKER_SERVICE_UPSTREAM_SCRAM_KEYS_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/secret.h"
#include "service/scram/keys.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// What `credbroker enroll` makes of a password, so that the broker never has it.
struct EnrolledKeys {
  KeyParameters parameters;
  ScramKeys keys;
};

// The file's text: a JSON object with exactly these members, and a newline.
//
//   version         1
//   mechanism       "SCRAM-SHA-1", "SCRAM-SHA-256" or "SCRAM-SHA-512"
//   salt            strict base64 of 1 to 1024 bytes, as upstream sent it
//   iterationCount  from 4096
//   clientKey       strict base64 of as many bytes as the mechanism's hash has
//   serverKey       the same
//
// Both keys together are as good as the password at this one upstream: the file is a secret. The
// StoredKey is not in it: it is one hash of the ClientKey away, and could only contradict it.
Secret FormatScramKeys(const EnrolledKeys& enrolled);

// The inverse. LOGIN_REQUIRED for anything else; the message says what is wrong and quotes nothing.
absl::StatusOr<EnrolledKeys> ParseScramKeys(absl::string_view text);

// A configured account's keys in such a file, which is read whenever it is needed. LOGIN_REQUIRED
// if it cannot be read, holds more than 4 KiB, or is not in that form.
//
// They are good for one mechanism, salt and iteration count. When upstream asks for others (as it
// does after the password was changed) or the tenant's mechanism is another, KeysFrom fails with
// LOGIN_REQUIRED and says that the account is to be enrolled again: there is then no credential
// that a login could be made with, so no proof is sent, no password attempt is spent, and nothing
// is held back. CREDENTIAL_REJECTED would claim that upstream had judged a proof.
class ScramKeysCredential : public Credential {
 public:
  explicit ScramKeysCredential(std::string path);
  // The text of the file.
  absl::StatusOr<Secret> Read() const override;
  absl::StatusOr<ScramKeys> KeysFrom(const Secret& text,
                                     const KeyParameters& parameters) const override;

 private:
  const std::string path_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_SCRAM_KEYS_FILE_H_
