#ifndef CREDBROKER_SERVICE_API_PAGE_TOKEN_H_
#define CREDBROKER_SERVICE_API_PAGE_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/model/account_key.h"

namespace credbroker {

// Where the next page of ListSessions begins: after the account `last`, in a list of `tenant` only
// or, if that is empty, of all. Opaque to callers.
std::string EncodePageToken(const AccountKey& last, absl::string_view tenant);

// The inverse. Empty text: an empty key, the first page. INVALID_FIELD for anything that
// EncodePageToken does not make for that `tenant`.
absl::StatusOr<AccountKey> DecodePageToken(absl::string_view token, absl::string_view tenant);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_PAGE_TOKEN_H_
