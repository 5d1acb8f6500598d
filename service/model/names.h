#ifndef CREDBROKER_SERVICE_MODEL_NAMES_H_
#define CREDBROKER_SERVICE_MODEL_NAMES_H_

#include "absl/strings/string_view.h"

namespace credbroker {

// Whether `text` may name a tenant or an account: `[a-z0-9][a-z0-9._-]{0,62}`.
bool IsName(absl::string_view text);

// Whether `text` looks like an e-mail address: printable ASCII without spaces, with one '@' and
// something before and after it, at most 254 bytes (RFC 5321 section 4.5.3.1.3).
//
// No more than ASCII, which SASLprep (RFC 4013) leaves as it is: it would make one upstream account
// of many spellings, and each spelling would be an account of its own here, with a hold of its own.
bool IsEmailAddress(absl::string_view text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_NAMES_H_
