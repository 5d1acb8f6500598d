#include "service/callers/certificate_identity.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/base/status_macros.h"
#include "service/callers/spiffe_id.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr size_t kLongestCertificate = 64 << 10;
constexpr size_t kLongestName = 254;
constexpr size_t kMostNames = 64;

absl::Status Refused(absl::string_view why) {
  return Failure(Reason::kCallerUnidentified, absl::StrCat("the client certificate ", why));
}

struct Freer {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(BASIC_CONSTRAINTS* constraints) const { BASIC_CONSTRAINTS_free(constraints); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
template <typename T>
using Owned = std::unique_ptr<T, Freer>;

absl::string_view BytesOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

bool IsPlain(absl::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// What a certificate calls its holder, as far as the broker knows the kind.
struct AlternativeNames {
  std::vector<std::string> uris;
  // With their prefixes.
  std::vector<std::string> others;
};

absl::StatusOr<AlternativeNames> Read(const GENERAL_NAMES* names) {
  AlternativeNames read;
  if (sk_GENERAL_NAME_num(names) > static_cast<int>(kMostNames)) {
    return Refused("has too many names");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_URI) {
      read.uris.emplace_back(BytesOf(name->d.uniformResourceIdentifier));
    } else if (name->type == GEN_DNS || name->type == GEN_EMAIL) {
      const absl::string_view text =
          BytesOf(name->type == GEN_DNS ? name->d.dNSName : name->d.rfc822Name);
      if (!IsPlain(text)) return Refused("has a name with characters that names do not have");
      read.others.push_back(absl::StrCat(name->type == GEN_DNS ? "dns:" : "email:", text));
    }
  }
  return read;
}

absl::StatusOr<std::vector<std::string>> FromAlternativeNames(const GENERAL_NAMES* names) {
  CREDBROKER_ASSIGN_OR_RETURN(AlternativeNames read, Read(names));
  if (read.uris.size() > 1) return Refused("has more than one URI name");
  if (read.uris.size() == 1) {
    if (!IsWorkloadSpiffeId(read.uris[0])) {
      return Refused("has a URI name that is not the SPIFFE ID of a workload");
    }
    return std::move(read.uris);
  }
  if (read.others.empty()) return Refused("has no URI, DNS or e-mail name");
  return std::move(read.others);
}

absl::StatusOr<std::vector<std::string>> FromCommonName(X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return Refused("names nobody");
  if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
    return Refused("has more than one common name");
  }
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const Owned<unsigned char> owned(utf8);
  const absl::string_view name(reinterpret_cast<const char*>(utf8),
                               static_cast<size_t>(std::max(size, 0)));
  const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (name.empty() || name.size() > kLongestName || has_control) {
    return Refused("has a common name with characters that names do not have");
  }
  return std::vector<std::string>{absl::StrCat("cn:", name)};
}

// RFC 5280 sections 4.2.1.9 and 4.2.1.3.
absl::Status CheckLeaf(X509* certificate) {
  int critical = 0;
  const Owned<BASIC_CONSTRAINTS> constraints(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, nullptr)));
  // -1: there is no such extension. Anything else without a value is malformed.
  if (constraints == nullptr && critical != -1) return Refused("has malformed basic constraints");
  if (constraints != nullptr && constraints->ca != 0) return Refused("is an authority's");
  const bool has_usage = (X509_get_extension_flags(certificate) & EXFLAG_KUSAGE) != 0;
  if (has_usage && (X509_get_key_usage(certificate) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) {
    return Refused("may sign others");
  }
  return absl::OkStatus();
}

std::optional<absl::Time> EndOf(const X509* certificate) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return std::nullopt;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::StatusOr<std::vector<std::string>> Principals(X509* certificate) {
  int critical = 0;
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  if (names != nullptr) return FromAlternativeNames(names.get());
  if (critical != -1) return Refused("has malformed alternative names");
  return FromCommonName(certificate);
}

absl::StatusOr<Caller> Identify(X509* certificate) {
  CREDBROKER_RETURN_IF_ERROR(CheckLeaf(certificate));
  const std::optional<absl::Time> end = EndOf(certificate);
  if (!end.has_value()) return Refused("has no end");
  Caller caller;
  CREDBROKER_ASSIGN_OR_RETURN(caller.principals, Principals(certificate));
  caller.expires = *end;
  return caller;
}

}  // namespace

absl::StatusOr<Caller> IdentifyCertificate(absl::string_view leaf) {
  if (leaf.size() > kLongestCertificate) return Refused("is too long");
  const Owned<BIO> memory(BIO_new_mem_buf(leaf.data(), static_cast<int>(leaf.size())));
  const Owned<X509> certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  auto caller = certificate == nullptr ? absl::StatusOr<Caller>(Refused("cannot be read"))
                                       : Identify(certificate.get());
  // Whoever uses OpenSSL next on this thread would take what is left there for its own failure.
  ERR_clear_error();
  return caller;
}

}  // namespace credbroker
