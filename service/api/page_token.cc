#include "service/api/page_token.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

constexpr absl::string_view kSeparator("\0", 1);
// Of the longest names' token, rounded up; longer ones need not be decoded.
constexpr size_t kLongestToken = 1024;

}  // namespace

std::string EncodePageToken(const AccountKey& last, absl::string_view tenant) {
  return Base64Encode(absl::StrJoin(
      {tenant, absl::string_view(last.tenant), absl::string_view(last.account)}, kSeparator));
}

absl::StatusOr<AccountKey> DecodePageToken(absl::string_view token, absl::string_view tenant) {
  if (token.empty()) return AccountKey{};
  const absl::Status invalid =
      Failure(Reason::kInvalidField, "page_token: not a next_page_token of this rpc");
  if (token.size() > kLongestToken) return invalid;
  const std::optional<std::string> bytes = StrictBase64Decode(token);
  if (!bytes.has_value()) return invalid;
  const std::vector<std::string> parts = absl::StrSplit(*bytes, kSeparator);
  if (parts.size() != 3) return invalid;
  AccountKey key{parts[1], parts[2]};
  if (!IsName(key.tenant)) return invalid;
  if (!IsName(key.account) && !IsEmailAddress(key.account)) return invalid;
  if (parts[0] != tenant || (!tenant.empty() && key.tenant != tenant)) {
    return Failure(Reason::kInvalidField, "page_token: made for another `tenant`");
  }
  return key;
}

}  // namespace credbroker
