#include "service/scram/saslprep.h"

#include <openssl/crypto.h>
#include <stringprep.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

struct WipeAndFree {
  void operator()(char* text) const {
    OPENSSL_cleanse(text, std::strlen(text));
    std::free(text);
  }
};
using LibidnString = std::unique_ptr<char, WipeAndFree>;

// Whether all of `text` is UTF-8 (RFC 3629): no overlong forms, no surrogates, at most U+10FFFF.
bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const size_t tail = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (text.size() - i < tail) return false;
    // The first byte after the lead is what rules out the forms above; the rest are free.
    unsigned char least = 0x80, most = 0xbf;
    if (lead == 0xe0) least = 0xa0;
    if (lead == 0xed) most = 0x9f;
    if (lead == 0xf0) least = 0x90;
    if (lead == 0xf4) most = 0x8f;
    for (size_t end = i + tail; i < end; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte < least || byte > most) return false;
      least = 0x80;
      most = 0xbf;
    }
  }
  return true;
}

bool IsPrintableAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

absl::Status Refusal(absl::string_view what, absl::string_view why) {
  return Failure(Reason::kLoginRequired, absl::StrCat("the ", what, " ", why));
}

// `what` names the text in messages. `text` is a secret for all that this function knows.
absl::StatusOr<LibidnString> SaslPrep(absl::string_view text, absl::string_view what,
                                      Stringprep_profile_flags flags) {
  if (text.empty()) return Refusal(what, "is empty");
  // libidn reads C strings, and older versions read past the end of a cut-off character.
  if (absl::StrContains(text, '\0')) return Refusal(what, "contains NUL");
  if (!IsUtf8(text)) return Refusal(what, "is not UTF-8");
  const Secret terminated = Secret::Fill(text.size() + 1, [text](absl::Span<uint8_t> bytes) {
    std::memcpy(bytes.data(), text.data(), text.size());
    bytes[text.size()] = 0;
  });
  char* out = nullptr;
  const int result = stringprep_profile(terminated.RevealSecret().data(), &out, "SASLprep", flags);
  if (result == STRINGPREP_MALLOC_ERROR) std::abort();
  if (result != STRINGPREP_OK) {
    return Refusal(what, "contains characters that SASLprep (RFC 4013) prohibits");
  }
  LibidnString prepared(out);
  if (*prepared == '\0') return Refusal(what, "is empty once SASLprep (RFC 4013) has prepared it");
  return prepared;
}

}  // namespace

absl::StatusOr<std::string> SaslPrepUser(absl::string_view user) {
  CREDBROKER_ASSIGN_OR_RETURN(const LibidnString prepared,
                              SaslPrep(user, "user name", Stringprep_profile_flags{}));
  return std::string(prepared.get());
}

absl::StatusOr<Secret> SaslPrepPassword(const Secret& password) {
  // Prepares to itself, and libidn leaves copies in freed memory that nobody can wipe.
  if (!password.empty() && IsPrintableAscii(password.RevealSecret())) return password.Clone();
  CREDBROKER_ASSIGN_OR_RETURN(
      const LibidnString prepared,
      SaslPrep(password.RevealSecret(), "password", STRINGPREP_NO_UNASSIGNED));
  return Secret::Copy(prepared.get());
}

}  // namespace credbroker
