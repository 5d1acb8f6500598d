#ifndef CREDBROKER_TESTS_API_TLS_PEER_H_
#define CREDBROKER_TESTS_API_TLS_PEER_H_

#include <grpcpp/grpcpp.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "tests/fakes/certificates.h"

namespace credbroker {

// What a client shows, and whom it trusts. PEM texts; without an own certificate if that is empty.
struct TlsPeer {
  std::string ca;
  CertifiedKey own = {};
  int min_version = TLS1_VERSION;
  int max_version = TLS1_3_VERSION;
};

struct TlsHandshake {
  // "" if the connection stands: the server has sent its first HTTP/2 frame, which it does only to
  // whom it has accepted. Otherwise what was missing.
  std::string failure = {};
  // Of the server's certificate.
  std::string serial = {};
  bool resumed = false;
  // To come back with.
  std::shared_ptr<SSL_SESSION> session = {};
};

// Connects to 127.0.0.1:`port` with OpenSSL, strictly once.
TlsHandshake ShakeHands(int port, const TlsPeer& peer, SSL_SESSION* session = nullptr);

// The serial number of a PEM certificate, as above.
std::string SerialOf(const std::string& certificate);

// A gRPC client on a connection of its own.
std::shared_ptr<grpc::Channel> TlsChannel(const std::string& address, const TlsPeer& peer);

// Asks the health service, which wants no principal.
grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                         absl::Duration timeout = absl::Seconds(30));

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_API_TLS_PEER_H_
