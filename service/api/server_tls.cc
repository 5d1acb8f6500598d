#include "service/api/server_tls.h"

#include <utility>

namespace credbroker {

ServerTls::ServerTls(TlsBundle first, bool tokens_are_taken)
    : client_certificates_(!first.has_client_ca() ? ClientCertificates::kNotAsked
                           : tokens_are_taken     ? ClientCertificates::kOptional
                                                  : ClientCertificates::kRequired),
      current_(std::make_shared<const TlsBundle>(std::move(first))) {}

absl::Status ServerTls::Replace(TlsBundle bundle) {
  if (bundle.has_client_ca() != (client_certificates_ != ClientCertificates::kNotAsked)) {
    return absl::FailedPreconditionError(
        "client_ca_file: can be added or removed only when the service starts");
  }
  auto replacement = std::make_shared<const TlsBundle>(std::move(bundle));
  absl::MutexLock lock(&mutex_);
  current_.swap(replacement);
  return absl::OkStatus();
}

std::shared_ptr<const TlsBundle> ServerTls::current() const {
  absl::MutexLock lock(&mutex_);
  return current_;
}

}  // namespace credbroker
