#include "service/api/tls_bundle.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "service/base/status_macros.h"
#include "service/base/whole_file.h"

namespace credbroker {
namespace {

constexpr size_t kLargestFile = 4 << 20;
constexpr char kCertificateFile[] = "certificate_file";
constexpr char kPrivateKeyFile[] = "private_key_file";
constexpr char kClientCaFile[] = "client_ca_file";

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

absl::Status Fault(absl::string_view file, absl::string_view what) {
  ERR_clear_error();
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
}

// gRPC would read it up to a NUL.
absl::Status CheckText(absl::string_view file, absl::string_view text) {
  if (text.find('\0') == absl::string_view::npos) return absl::OkStatus();
  return Fault(file, "the file is no text");
}

Bio Open(absl::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

size_t Count(absl::string_view text, absl::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != absl::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

// All certificates of a PEM text (RFC 7468 section 5), one at least.
absl::StatusOr<std::vector<Certificate>> ReadCertificates(absl::string_view file,
                                                          absl::string_view pem) {
  const size_t written = Count(pem, "-----BEGIN CERTIFICATE-----") +
                         Count(pem, "-----BEGIN TRUSTED CERTIFICATE-----") +
                         Count(pem, "-----BEGIN X509 CERTIFICATE-----");
  if (written == 0) return Fault(file, "the file holds no PEM certificate");
  const Bio bio = Open(pem);
  std::vector<Certificate> certificates;
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate, &X509_free);
  }
  ERR_clear_error();
  if (certificates.size() == written) return certificates;
  return Fault(file, absl::StrCat("certificate ", certificates.size() + 1, " of ", written,
                                  " in the file cannot be read"));
}

absl::StatusOr<Key> ReadKey(absl::string_view pem) {
  const Bio bio = Open(pem);
  // An empty passphrase, as gRPC has it: without one OpenSSL would ask on the terminal.
  char no_passphrase[] = "";
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_passphrase), &EVP_PKEY_free);
  if (key == nullptr) {
    return Fault(kPrivateKeyFile, "the file holds no PEM private key without a passphrase");
  }
  return key;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

bool HasExpired(const Certificate& certificate, absl::Time now) {
  return TimeOf(X509_get0_notAfter(certificate.get())) <= now;
}

bool IsTooNew(const Certificate& certificate, absl::Time now) {
  return TimeOf(X509_get0_notBefore(certificate.get())) > now;
}

// Whether OpenSSL would serve with them, as gRPC sets it up. Among others it refuses keys that are
// too weak for its security level.
absl::Status TryOut(const std::vector<Certificate>& certificates, const Key& key) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  &SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("out of memory");
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    return Fault(kPrivateKeyFile, "the key does not belong to the certificate");
  }
  if (SSL_CTX_use_certificate(context.get(), certificates.front().get()) != 1) {
    return Fault(kCertificateFile, "OpenSSL does not serve with this certificate");
  }
  for (size_t i = 1; i < certificates.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), certificates[i].get()) != 1) {
      return Fault(kCertificateFile,
                   absl::StrCat("OpenSSL does not serve with certificate ", i + 1, " of the file"));
    }
  }
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Fault(kPrivateKeyFile, "OpenSSL does not serve with this key");
  }
  return absl::OkStatus();
}

std::string Position(absl::string_view file, size_t index, size_t count) {
  return count == 1 ? absl::StrCat(file, ": the certificate")
                    : absl::StrCat(file, ": certificate ", index + 1, " of ", count);
}

void NoteConcerns(absl::string_view file, const std::vector<Certificate>& certificates,
                  absl::Time now, std::vector<std::string>& concerns) {
  for (size_t i = 0; i < certificates.size(); ++i) {
    const std::string which = Position(file, i, certificates.size());
    if (HasExpired(certificates[i], now)) concerns.push_back(which + " has expired");
    if (IsTooNew(certificates[i], now)) concerns.push_back(which + " is not valid yet");
  }
}

absl::StatusOr<std::string> Read(absl::string_view member, const std::string& file) {
  absl::StatusOr<std::string> text = ReadWholeFile(file, kLargestFile);
  if (text.ok()) return text;
  return absl::Status(text.status().code(), absl::StrCat(member, ": ", text.status().message()));
}

}  // namespace

absl::StatusOr<TlsBundle> TlsBundle::Parse(TlsTexts texts, absl::Time now) {
  CREDBROKER_RETURN_IF_ERROR(CheckText(kCertificateFile, texts.certificates));
  CREDBROKER_RETURN_IF_ERROR(CheckText(kPrivateKeyFile, texts.private_key.RevealSecret()));
  CREDBROKER_RETURN_IF_ERROR(CheckText(kClientCaFile, texts.client_ca));
  CREDBROKER_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                              ReadCertificates(kCertificateFile, texts.certificates));
  CREDBROKER_ASSIGN_OR_RETURN(const Key key, ReadKey(texts.private_key.RevealSecret()));
  CREDBROKER_RETURN_IF_ERROR(TryOut(chain, key));
  if (HasExpired(chain.front(), now)) return Fault(kCertificateFile, "the certificate has expired");

  TlsBundle bundle(std::move(texts));
  NoteConcerns(kCertificateFile, chain, now, bundle.concerns_);
  for (const Certificate& certificate : chain) {
    bundle.expires_ = std::min(bundle.expires_, TimeOf(X509_get0_notAfter(certificate.get())));
  }
  if (!bundle.has_client_ca()) return bundle;
  CREDBROKER_ASSIGN_OR_RETURN(const std::vector<Certificate> authorities,
                              ReadCertificates(kClientCaFile, bundle.texts_.client_ca));
  if (std::all_of(authorities.begin(), authorities.end(),
                  [now](const Certificate& authority) { return HasExpired(authority, now); })) {
    return Fault(kClientCaFile, "every certificate in the file has expired");
  }
  NoteConcerns(kClientCaFile, authorities, now, bundle.concerns_);
  return bundle;
}

bool operator==(const TlsBundle& a, const TlsBundle& b) {
  return a.texts_.certificates == b.texts_.certificates &&
         a.texts_.client_ca == b.texts_.client_ca &&
         EqualInConstantTime(a.texts_.private_key.RevealSecret(),
                             b.texts_.private_key.RevealSecret());
}

absl::StatusOr<TlsBundle> LoadTlsBundle(const TlsFiles& files, absl::Time now) {
  TlsTexts texts;
  CREDBROKER_ASSIGN_OR_RETURN(texts.certificates, Read(kCertificateFile, files.certificate_file));
  CREDBROKER_ASSIGN_OR_RETURN(std::string key, Read(kPrivateKeyFile, files.private_key_file));
  texts.private_key = Secret::Copy(key);
  OPENSSL_cleanse(key.data(), key.size());
  if (!files.client_ca_file.empty()) {
    CREDBROKER_ASSIGN_OR_RETURN(texts.client_ca, Read(kClientCaFile, files.client_ca_file));
    // To Parse that would mean that there is no such file.
    if (texts.client_ca.empty()) return Fault(kClientCaFile, "the file is empty");
  }
  return TlsBundle::Parse(std::move(texts), now);
}

}  // namespace credbroker
