#ifndef CREDBROKER_SERVICE_API_SERVER_TLS_H_
#define CREDBROKER_SERVICE_API_SERVER_TLS_H_

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "service/api/tls_bundle.h"

namespace credbroker {

// What a listener asks its callers for. Settled when it starts to listen.
enum class ClientCertificates {
  // There are no authorities that could vouch for one.
  kNotAsked,
  // Whoever shows one is verified; who shows none must identify himself otherwise.
  kOptional,
  // Without one there is no connection.
  kRequired,
};

// The TLS bundle in force, which each handshake takes anew. Thread-safe.
class ServerTls {
 public:
  // A certificate is required of callers if the bundle has authorities for it, unless tokens are
  // taken as well.
  ServerTls(TlsBundle first, bool tokens_are_taken);

  // From the next handshake on. Connections that stand are left alone; their age is limited.
  //
  // FAILED_PRECONDITION, and the former one stays in force, if one of both has authorities for
  // callers' certificates and the other has not: whether certificates are asked for cannot change
  // while the service runs.
  absl::Status Replace(TlsBundle bundle);

  std::shared_ptr<const TlsBundle> current() const;
  ClientCertificates client_certificates() const { return client_certificates_; }

 private:
  const ClientCertificates client_certificates_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TlsBundle> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_SERVER_TLS_H_
