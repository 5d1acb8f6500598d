#include "tests/fakes/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace credbroker {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

void Expect(bool met, const char* what) {
  if (met) return;
  std::fprintf(stderr, "a test's certificate cannot be made: %s\n", what);
  std::abort();
}

template <typename Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  Expect(write(memory.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string PemOf(const Certificate& certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string PemOf(const Key& key) {
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Key NewKey(int rsa_bits) {
  EVP_PKEY* key =
      rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned int>(rsa_bits));
  Expect(key != nullptr, "key");
  return Key(key, EVP_PKEY_free);
}

GENERAL_NAME* AlternativeName(absl::string_view text) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  int type = -1;
  if (absl::ConsumePrefix(&text, "URI:")) type = GEN_URI;
  if (absl::ConsumePrefix(&text, "DNS:")) type = GEN_DNS;
  if (absl::ConsumePrefix(&text, "email:")) type = GEN_EMAIL;
  if (absl::ConsumePrefix(&text, "IP:")) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(std::string(text).c_str());
    Expect(address != nullptr, "IP address");
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
    return name;
  }
  Expect(type != -1, "kind of alternative name");
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  Expect(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1, "name");
  GENERAL_NAME_set0_value(name, type, value);
  return name;
}

void AddAlternativeNames(X509* certificate, const std::vector<std::string>& names) {
  if (names.empty()) return;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(GENERAL_NAMES_new(),
                                                                          GENERAL_NAMES_free);
  for (const std::string& name : names) sk_GENERAL_NAME_push(all.get(), AlternativeName(name));
  Expect(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, 0) == 1, "names");
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value), X509_EXTENSION_free);
  Expect(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

// Signed by `issuer_key`; without an `issuer`, by itself.
Certificate NewCertificate(const CertificateOptions& options, const Key& key, X509* issuer,
                           EVP_PKEY* issuer_key) {
  static std::atomic<long> serial = 0;
  const Certificate made(X509_new(), X509_free);
  X509* const x509 = made.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509),
                  static_cast<long>(absl::ToInt64Seconds(options.valid_from)));
  X509_gmtime_adj(X509_getm_notAfter(x509),
                  static_cast<long>(absl::ToInt64Seconds(options.valid_until)));
  if (!options.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.data()),
                               static_cast<int>(options.common_name.size()), -1, 0);
  }
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer));
  X509_set_pubkey(x509, key.get());
  AddExtension(x509, x509, NID_basic_constraints, options.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  // Authorities of the same name are told apart by these.
  AddExtension(x509, x509, NID_subject_key_identifier, "hash");
  AddExtension(x509, issuer == nullptr ? x509 : issuer, NID_authority_key_identifier,
               "keyid:always");
  AddAlternativeNames(x509, options.alternative_names);
  Expect(X509_sign(x509, issuer_key, EVP_sha256()) > 0, "signature");
  return made;
}

}  // namespace

struct CertificateAuthority::Signer {
  Key key;
  Certificate certificate;
  // PEM, this authority's first; a root has none.
  std::string intermediates;
};

CertificateAuthority::CertificateAuthority(const CertificateOptions& options)
    : CertificateAuthority([&] {
        Signer signer{NewKey(options.rsa_bits), nullptr, ""};
        signer.certificate = NewCertificate(options, signer.key, nullptr, signer.key.get());
        return std::make_shared<const Signer>(std::move(signer));
      }()) {}

CertificateAuthority::CertificateAuthority(std::shared_ptr<const Signer> signer)
    : signer_(std::move(signer)), certificate_(PemOf(signer_->certificate)) {}

CertifiedKey CertificateAuthority::Issue(const CertificateOptions& options) const {
  const Key key = NewKey(options.rsa_bits);
  const Certificate certificate =
      NewCertificate(options, key, signer_->certificate.get(), signer_->key.get());
  return {PemOf(certificate) + signer_->intermediates, PemOf(key)};
}

CertificateAuthority CertificateAuthority::IssueAuthority(const CertificateOptions& options) const {
  Signer issued{NewKey(options.rsa_bits), nullptr, ""};
  issued.certificate =
      NewCertificate(options, issued.key, signer_->certificate.get(), signer_->key.get());
  issued.intermediates = PemOf(issued.certificate) + signer_->intermediates;
  return CertificateAuthority(std::make_shared<const Signer>(std::move(issued)));
}

}  // namespace credbroker
