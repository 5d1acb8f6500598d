#ifndef CREDBROKER_SERVICE_API_TLS_CREDENTIALS_H_
#define CREDBROKER_SERVICE_API_TLS_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/api/server_tls.h"

namespace credbroker {

// Lets a gRPC server speak TLS 1.2 and 1.3 with the bundle that is in force at each handshake.
//
// gRPC's own ways do not serve: FileWatcherCertificateProvider aborts the process over an empty
// file and installs a key that is not the certificate's. So this uses the config fetcher of its C
// API, which gRPC calls at each handshake; session tickets of another bundle are worth nothing.
//
// For one server and one address. Outlives the server.
class TlsCredentials : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(std::shared_ptr<const ServerTls> tls) : tls_(std::move(tls)) {}

  // Not offered: who calls is asked call by call.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  const std::shared_ptr<const ServerTls> tls_;
  absl::Mutex mutex_;
  // What gRPC has been given last.
  std::shared_ptr<const TlsBundle> fetched_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_TLS_CREDENTIALS_H_
