#include "service/model/account_key.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace credbroker {

std::string DisplayName(const AccountKey& key) {
  if (!key.is_caller_account()) return key.account;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(key.account.data()), key.account.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::StrCat("caller-", absl::BytesToHexString(digest.substr(0, 4)));
}

}  // namespace credbroker
