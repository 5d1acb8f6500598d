#ifndef CREDBROKER_TESTS_FAKES_CERTIFICATES_H_
#define CREDBROKER_TESTS_FAKES_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace credbroker {

// What a certificate says. Whatever is not possible aborts the test.
struct CertificateOptions {
  // Empty: a subject without any name.
  std::string common_name = "test";
  // "URI:…", "DNS:…", "email:…" (taken as they are, whatever bytes they hold) or "IP:127.0.0.1".
  // None: the certificate has no such extension.
  std::vector<std::string> alternative_names = {};
  // Of the basic constraints (RFC 5280 section 4.2.1.9).
  bool is_ca = false;
  // Counted from now, by the machine's clock.
  absl::Duration valid_from = -absl::Minutes(5);
  absl::Duration valid_until = absl::Hours(1);
  // 0: an elliptic curve's key, P-256.
  int rsa_bits = 0;
};

// PEM texts. The certificate is followed by those of the intermediate authorities, without the
// root.
struct CertifiedKey {
  std::string certificate;
  std::string key;
};

// An authority with a new key, whose certificate it has signed itself. A copy is the same
// authority. Thread-safe.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const CertificateOptions& options = {
                                    .common_name = "test authority", .is_ca = true});

  // Its own certificate, as PEM text.
  const std::string& certificate() const { return certificate_; }

  // A new key, and its certificate.
  CertifiedKey Issue(const CertificateOptions& options) const;

  // An intermediate authority. What that issues comes with its certificate.
  CertificateAuthority IssueAuthority(const CertificateOptions& options) const;

 private:
  struct Signer;
  explicit CertificateAuthority(std::shared_ptr<const Signer> signer);

  std::shared_ptr<const Signer> signer_;
  std::string certificate_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_CERTIFICATES_H_
