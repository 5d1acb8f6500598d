#include "tests/api/tls_peer.h"

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace credbroker {
namespace {

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Bio BioOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

Certificate NextCertificate(const Bio& bio) {
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
}

std::string SerialNumber(const X509* certificate) {
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(certificate);
  return std::to_string(ASN1_INTEGER_get(serial));
}

void ShowOwn(SSL_CTX* context, const CertifiedKey& own) {
  if (own.certificate.empty()) return;
  const Bio certificates = BioOf(own.certificate);
  SSL_CTX_use_certificate(context, NextCertificate(certificates).get());
  for (Certificate next = NextCertificate(certificates); next != nullptr;
       next = NextCertificate(certificates)) {
    SSL_CTX_add1_chain_cert(context, next.get());
  }
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(BioOf(own.key).get(), nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
}

TlsContext NewTlsContext(const TlsPeer& peer) {
  TlsContext context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  // Or OpenSSL 3 would itself refuse to offer less than TLS 1.2.
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), peer.min_version);
  SSL_CTX_set_max_proto_version(context.get(), peer.max_version);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const Bio authorities = BioOf(peer.ca);
  for (Certificate next = NextCertificate(authorities); next != nullptr;
       next = NextCertificate(authorities)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), next.get());
  }
  constexpr unsigned char kHttp2[] = "\2h2";
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof(kHttp2) - 1);
  ShowOwn(context.get(), peer.own);
  ERR_clear_error();
  return context;
}

int ConnectTo(int port) {
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {30, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return fd;
  close(fd);
  return -1;
}

std::string LastError(absl::string_view what) {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return absl::StrCat(what, ": ", reason == nullptr ? "the connection was closed" : reason);
}

}  // namespace

TlsHandshake ShakeHands(int port, const TlsPeer& peer, SSL_SESSION* session) {
  const TlsContext context = NewTlsContext(peer);
  const int fd = ConnectTo(port);
  if (fd < 0) return {.failure = "connect"};
  const absl::Cleanup close_fd = [fd] { close(fd); };
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(ssl.get(), fd);
  if (session != nullptr) SSL_set_session(ssl.get(), session);
  if (SSL_connect(ssl.get()) != 1) return {.failure = LastError("handshake")};
  // gRPC's server speaks first, with SETTINGS; that is also when tickets come in.
  char first[9];
  if (SSL_read(ssl.get(), first, sizeof(first)) <= 0) return {.failure = LastError("read")};
  TlsHandshake done;
  const Certificate server(SSL_get1_peer_certificate(ssl.get()), &X509_free);
  done.serial = SerialNumber(server.get());
  done.resumed = SSL_session_reused(ssl.get()) == 1;
  done.session = {SSL_get1_session(ssl.get()), SSL_SESSION_free};
  // So that the session counts as ended well.
  SSL_shutdown(ssl.get());
  return done;
}

std::string SerialOf(const std::string& certificate) {
  return SerialNumber(NextCertificate(BioOf(certificate)).get());
}

std::shared_ptr<grpc::Channel> TlsChannel(const std::string& address, const TlsPeer& peer) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = peer.ca;
  options.pem_cert_chain = peer.own.certificate;
  options.pem_private_key = peer.own.key;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout) {
  grpc::GenericStub health(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  const grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification answered;
  health.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                   [&](grpc::Status ended) {
                     status = std::move(ended);
                     answered.Notify();
                   });
  answered.WaitForNotification();
  return status;
}

}  // namespace credbroker
