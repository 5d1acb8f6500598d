#ifndef CREDBROKER_SERVICE_SCRAM_SASLPREP_H_
#define CREDBROKER_SERVICE_SCRAM_SASLPREP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/base/secret.h"

namespace credbroker {

// SASLprep (RFC 4013), so that one password typed on two keyboards is the same bytes.
//
// Both refuse, with LOGIN_REQUIRED (model/failure.h: no login can be made of it): what SASLprep
// prohibits, bytes that are not UTF-8, NUL, and what is empty before or after. The message quotes
// nothing. Thread-safe.

// A user name: a "query" string, so code points that Unicode 3.2 does not know pass (RFC 5802
// section 5.1, attribute n).
absl::StatusOr<std::string> SaslPrepUser(absl::string_view user);

// A password, Normalize(password): a "stored" string, so they are refused (RFC 5802 section 2.2).
absl::StatusOr<Secret> SaslPrepPassword(const Secret& password);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SCRAM_SASLPREP_H_
