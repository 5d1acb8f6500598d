#include "tests/simulation/truth.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace credbroker::simulation {
namespace {

constexpr absl::string_view kAccess = "access-";
constexpr absl::string_view kRefresh = "refresh-";

int IndexIn(absl::string_view text, absl::string_view prefix, size_t size) {
  int index = 0;
  if (!absl::ConsumePrefix(&text, prefix) || !absl::SimpleAtoi(text, &index)) return -1;
  return index >= 0 && static_cast<size_t>(index) < size ? index : -1;
}

}  // namespace

absl::string_view NameOf(RequestKind kind) {
  constexpr std::array<absl::string_view, kRequestKinds> kNames = {"login", "refresh", "logout",
                                                                   "check"};
  return kNames[static_cast<size_t>(kind)];
}

Truth::Truth(absl::Duration lifetime) {
  for (Account& account : accounts_) account.lifetime = lifetime;
}

int Truth::MakeSession(size_t account) {
  sessions_.push_back({account});
  return static_cast<int>(sessions_.size()) - 1;
}

int Truth::LiveSession(size_t account) const {
  for (int i = sessions() - 1; i >= 0; --i) {
    if (session(i).account == account && session(i).alive) return i;
  }
  return -1;
}

int Truth::MakeToken(TrueToken token) {
  tokens_.push_back(token);
  return static_cast<int>(tokens_.size()) - 1;
}

std::string Truth::AccessToken(int index) { return absl::StrCat(kAccess, index); }
std::string Truth::RefreshToken(int index) { return absl::StrCat(kRefresh, index); }

int Truth::FindToken(absl::string_view access_token) const {
  return IndexIn(access_token, kAccess, tokens_.size());
}

int Truth::FindSession(absl::string_view refresh_token) const {
  return IndexIn(refresh_token, kRefresh, sessions_.size());
}

}  // namespace credbroker::simulation
