#include "service/api/page_token.h"

#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

constexpr absl::string_view kSeparator("\0", 1);
// Of the longest key's token, rounded up; longer ones need not be decoded.
constexpr size_t kLongestToken = 512;

}  // namespace

std::string EncodePageToken(const AccountKey& last) {
  return Base64Encode(absl::StrCat(last.tenant, kSeparator, last.account));
}

absl::StatusOr<AccountKey> DecodePageToken(absl::string_view token) {
  if (token.empty()) return AccountKey{};
  const absl::Status invalid =
      Failure(Reason::kInvalidField, "page_token: not a next_page_token of this rpc");
  if (token.size() > kLongestToken) return invalid;
  const std::optional<std::string> bytes = StrictBase64Decode(token);
  if (!bytes.has_value()) return invalid;
  const size_t separator = bytes->find('\0');
  if (separator == std::string::npos) return invalid;
  AccountKey key{bytes->substr(0, separator), bytes->substr(separator + 1)};
  if (!IsName(key.tenant)) return invalid;
  if (!IsName(key.account) && !IsEmailAddress(key.account)) return invalid;
  return key;
}

}  // namespace credbroker
