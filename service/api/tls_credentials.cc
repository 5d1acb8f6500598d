#include "service/api/tls_credentials.h"

#include <grpc/grpc.h>
#include <openssl/crypto.h>

namespace credbroker {
namespace {

grpc_ssl_client_certificate_request_type RequestFor(ClientCertificates certificates) {
  switch (certificates) {
    case ClientCertificates::kNotAsked:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case ClientCertificates::kOptional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case ClientCertificates::kRequired:
      break;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

grpc_ssl_server_certificate_config* ConfigOf(const TlsTexts& texts) {
  std::string key(texts.private_key.RevealSecret());
  const grpc_ssl_pem_key_cert_pair pair = {key.c_str(), texts.certificates.c_str()};
  // gRPC 1.51 asserts that there are authorities (ssl_security_connector.cc) even where it does not
  // ask for certificates; then it uses them for nothing.
  const std::string& authorities = texts.client_ca.empty() ? texts.certificates : texts.client_ca;
  grpc_ssl_server_certificate_config* const config =
      grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  // gRPC's own copies cannot be wiped.
  OPENSSL_cleanse(key.data(), key.size());
  return config;
}

}  // namespace

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  grpc_ssl_server_credentials_options* const options =
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          RequestFor(tls_->client_certificates()), &TlsCredentials::Fetch, this);
  grpc_server_credentials* const credentials =
      grpc_ssl_server_credentials_create_with_options(options);
  const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
  grpc_server_credentials_release(credentials);
  return port;
}

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto* const credentials = static_cast<TlsCredentials*>(self);
  std::shared_ptr<const TlsBundle> current = credentials->tls_->current();
  absl::MutexLock lock(&credentials->mutex_);
  if (current == credentials->fetched_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  *config = ConfigOf(current->texts());
  credentials->fetched_ = std::move(current);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace credbroker
