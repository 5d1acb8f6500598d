#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_FILES_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/whole_file.h"
#include "service/main/config_fields.h"

namespace credbroker {

// What the configuration asks of files. Statuses say what is wrong, without the content. All block.

// OK if the file holds PEM certificates (RFC 7468 section 5), one at least, and all that it holds
// can be read: OpenSSL would load the intact ones of a damaged bundle in silence.
absl::Status CheckCertificates(const std::string& file);

// OK if the file can be read and is not empty.
absl::Status CheckReadable(const std::string& file);

// The file's text, if that is a key set with one key at least that can be used: see JsonWebKeySet.
absl::StatusOr<std::string> ReadKeySet(const std::string& file);
absl::Status CheckKeySet(const std::string& file);

// OK if a log can be written to the file, which need not be there yet. Does not make it.
absl::Status CheckAppendable(const std::string& file);

// OK if the file is a regular one and the service can read a secret from it (see FileCredential).
absl::Status CheckSecretFile(const std::string& file);

// The same for a file of SCRAM keys (see ScramKeysCredential).
absl::Status CheckScramKeysFile(const std::string& file);

// Whether others than the owner may read the file. False if that cannot be found out.
bool IsReadableByOthers(const std::string& file);

// `file` as it is if it is absolute, else relative to the folder that `config_file` is in.
std::string ResolvePath(absl::string_view config_file, absl::string_view file);

// The path in the field `name`, resolved; a fault unless `check` says that the file will do. Empty
// if the field is absent or wrong.
std::string ReadPath(FieldReader& from, absl::string_view name, const std::string& config_file,
                     absl::Status (*check)(const std::string& file));

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_FILES_H_
