#ifndef CREDBROKER_SERVICE_API_TLS_BUNDLE_H_
#define CREDBROKER_SERVICE_API_TLS_BUNDLE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/base/secret.h"

namespace credbroker {

// The PEM files that the listener's TLS is made from.
struct TlsFiles {
  // The server's own certificate, then those of the intermediate authorities.
  std::string certificate_file;
  // Without a passphrase.
  std::string private_key_file;
  // Whose certificates identify callers. Empty: none are asked for.
  std::string client_ca_file;

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// Their contents.
struct TlsTexts {
  std::string certificates;
  Secret private_key;
  // Empty: no such file.
  std::string client_ca;
};

// What a TLS server shows, and by whom its callers must be vouched for. One that exists is whole:
// OpenSSL takes it all, the key is the certificate's, each certificate of the authorities can be
// read (gRPC would load the intact ones of a damaged file in silence) and one at least is valid.
// Immutable; thread-safe.
class TlsBundle {
 public:
  // Fails if the texts do not make a bundle (faults.md row 33). The message begins with the member
  // of TlsFiles that it is about and a colon: "private_key_file: …"; no content is in it. An
  // expired certificate would be refused by every caller, so it is refused here; one that is not
  // valid yet is only of concern, since clocks differ.
  static absl::StatusOr<TlsBundle> Parse(TlsTexts texts, absl::Time now);

  TlsBundle(TlsBundle&&) = default;
  TlsBundle& operator=(TlsBundle&&) = default;

  const TlsTexts& texts() const { return texts_; }
  bool has_client_ca() const { return !texts_.client_ca.empty(); }

  // What an operator should hear of, a sentence each: certificates that are not valid yet, or have
  // expired among others that have not.
  const std::vector<std::string>& concerns() const { return concerns_; }

  // When the server's own certificate expires, or one that it is vouched for by and that it sends.
  absl::Time expires() const { return expires_; }

  friend bool operator==(const TlsBundle& a, const TlsBundle& b);

 private:
  explicit TlsBundle(TlsTexts texts) : texts_(std::move(texts)) {}

  TlsTexts texts_;
  std::vector<std::string> concerns_;
  absl::Time expires_ = absl::InfiniteFuture();
};

// Reads the files and checks them. Fails as Parse does, or if a file cannot be read. Blocks.
absl::StatusOr<TlsBundle> LoadTlsBundle(const TlsFiles& files, absl::Time now);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TLS_BUNDLE_H_
