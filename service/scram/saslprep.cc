#include "service/scram/saslprep.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stringprep.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

#include "service/base/status_macros.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

// A text as UCS-4, wiped when it ends. Never grows, so that it is nowhere else.
class CodePoints {
 public:
  explicit CodePoints(size_t capacity) : points_(capacity) {}
  CodePoints(CodePoints&&) = default;
  CodePoints& operator=(CodePoints&&) = delete;
  ~CodePoints() { OPENSSL_cleanse(points_.data(), points_.size() * sizeof(uint32_t)); }

  uint32_t* data() { return points_.data(); }
  size_t capacity() const { return points_.size(); }
  absl::Span<const uint32_t> used() const { return {points_.data(), size}; }

  size_t size = 0;

 private:
  std::vector<uint32_t> points_;
};

// How many bytes the character that begins with `lead` has; its first byte says so.
size_t Utf8Length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// Whether all of `text` is UTF-8 (RFC 3629): no overlong forms, no surrogates, at most U+10FFFF.
bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const size_t tail = Utf8Length(lead) - 1;
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

CodePoints Decode(absl::string_view utf8) {
  CodePoints decoded(utf8.size() + 1);
  for (size_t i = 0; i < utf8.size();) {
    decoded.data()[decoded.size++] = stringprep_utf8_to_unichar(utf8.data() + i);
    i += Utf8Length(static_cast<unsigned char>(utf8[i]));
  }
  return decoded;
}

Secret Encode(const CodePoints& points) {
  size_t size = 0;
  for (const uint32_t point : points.used()) {
    size += static_cast<size_t>(stringprep_unichar_to_utf8(point, nullptr));
  }
  const auto fill = [&points](absl::Span<uint8_t> out) {
    char* to = reinterpret_cast<char*>(out.data());
    for (const uint32_t point : points.used()) to += stringprep_unichar_to_utf8(point, to);
  };
  return Secret::Fill(size, fill, Secret::Place::kSecureHeap);
}

// Unicode normalization form KC, as libidn does it. libidn frees a UTF-8 copy of the whole text
// without wiping it. So glibc is told to overwrite what is freed meanwhile, which it does not do
// for the blocks that it caches by thread: the text is filled up until its copy is too large for
// those. What it is filled with composes with nothing, and comes back as it is.
CodePoints NormalizeKc(const CodePoints& text) {
  constexpr size_t kFiller = 2048;  // glibc caches blocks of at most 1032 bytes.
  static absl::Mutex perturbing(absl::kConstInit);
  CodePoints filled(text.size + kFiller);
  std::copy(text.used().begin(), text.used().end(), filled.data());
  std::fill_n(filled.data() + text.size, kFiller, 'x');
  uint32_t* normalized = nullptr;
  {
    absl::MutexLock lock(&perturbing);
    mallopt(M_PERTURB, 1);
    normalized =
        stringprep_ucs4_nfkc_normalize(filled.data(), static_cast<ssize_t>(filled.capacity()));
    mallopt(M_PERTURB, 0);
  }
  if (normalized == nullptr) std::abort();  // Out of memory.
  size_t size = 0;
  while (normalized[size] != 0) ++size;
  CodePoints result(size);
  result.size = size - kFiller;
  std::copy_n(normalized, result.size, result.data());
  OPENSSL_cleanse(normalized, size * sizeof(uint32_t));
  std::free(normalized);
  return result;
}

// The steps of the profile SASLprep, which libidn has as one table: mappings (RFC 4013
// section 2.1), normalization (2.2), and what is prohibited (2.3 to 2.5).
struct Steps {
  std::vector<Stringprep_profile> before_normalization;
  const Stringprep_profile* after_normalization;
};

const Steps& SaslPrepSteps() {
  static const Steps* const steps = [] {
    auto* made = new Steps;
    const Stringprep_profile* step = stringprep_saslprep;
    for (; step->operation != STRINGPREP_NFKC; ++step) made->before_normalization.push_back(*step);
    made->before_normalization.push_back({});  // The end.
    made->after_normalization = step + 1;
    return made;
  }();
  return *steps;
}

// In place.
bool Apply(const Stringprep_profile* steps, Stringprep_profile_flags flags, CodePoints& text) {
  return stringprep_4i(text.data(), &text.size, text.capacity(), flags, steps) == STRINGPREP_OK;
}

absl::Status Refusal(absl::string_view what, absl::string_view why) {
  return Failure(Reason::kLoginRequired, absl::StrCat("the ", what, " ", why));
}

// `what` names the text in messages. `text` is a secret for all that this function knows.
absl::StatusOr<Secret> SaslPrep(absl::string_view text, absl::string_view what,
                                Stringprep_profile_flags flags) {
  if (text.empty()) return Refusal(what, "is empty");
  if (absl::StrContains(text, '\0')) return Refusal(what, "contains NUL");
  if (!IsUtf8(text)) return Refusal(what, "is not UTF-8");
  CodePoints mapped = Decode(text);
  const Steps& steps = SaslPrepSteps();
  const bool can_be_mapped = Apply(steps.before_normalization.data(), flags, mapped);
  CodePoints prepared = NormalizeKc(mapped);
  if (!can_be_mapped || !Apply(steps.after_normalization, flags, prepared)) {
    return Refusal(what, "contains characters that SASLprep (RFC 4013) prohibits");
  }
  if (prepared.size == 0) {
    return Refusal(what, "is empty once SASLprep (RFC 4013) has prepared it");
  }
  return Encode(prepared);
}

}  // namespace

absl::StatusOr<std::string> SaslPrepUser(absl::string_view user) {
  // Prepares to itself.
  if (!user.empty() && IsPrintableAscii(user)) return std::string(user);
  CREDBROKER_ASSIGN_OR_RETURN(const Secret prepared,
                              SaslPrep(user, "user name", Stringprep_profile_flags{}));
  return std::string(prepared.RevealSecret());
}

absl::StatusOr<Secret> SaslPrepPassword(const Secret& password) {
  if (!password.empty() && IsPrintableAscii(password.RevealSecret())) return password.Clone();
  return SaslPrep(password.RevealSecret(), "password", STRINGPREP_NO_UNASSIGNED);
}

}  // namespace credbroker
