#include "service/api/grpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/api/accept_loop.h"
#include "service/api/credential_broker_service.h"
#include "service/api/goaway.h"
#include "service/api/grpc_log.h"
#include "service/api/server_limits.h"
#include "service/api/tls_credentials.h"
#include "service/ops/tcp_listener.h"

namespace credbroker {
namespace {

constexpr char kServiceName[] = "credbroker.v1.CredentialBroker";
constexpr int kResponderThreads = 2;
// Ten thousand pushes of one rotation, at some 30 µs each, must not delay a hit: from one core at
// most, not before others, and with pauses.
constexpr int kPusherThreads = 1;
constexpr WorkerManners kPusherManners = {5, 8, absl::Microseconds(200)};
// How long callers may go on calling after they were told to wait.
constexpr absl::Duration kLongestUnrest = absl::Seconds(1);

// Linking the reflection library registers it for every server: takes it out again.
class WithoutReflection : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(),
                                  [](const auto& plugin) {
                                    return plugin->name() == "proto_server_reflection";
                                  }),
                   plugins->end());
  }
};

std::shared_ptr<grpc::ServerCredentials> CredentialsFor(const GrpcServerOptions& options) {
  if (options.tls == nullptr) return grpc::InsecureServerCredentials();
  return std::make_shared<TlsCredentials>(options.tls);
}

std::unique_ptr<const Authenticator> NewAuthenticator(const GrpcServerOptions& options,
                                                      const BearerTokens* tokens) {
  if (options.tls != nullptr) return std::make_unique<const TlsAuthenticator>(tokens);
  return std::make_unique<const LoopbackAuthenticator>(tokens);
}

}  // namespace

class GrpcServer::Serving {
 public:
  Serving(const GrpcServerOptions& options, const Parts& parts,
          std::unique_ptr<TcpListener> listener)
      : host_(options.host),
        authenticator_(NewAuthenticator(options, parts.bearer_tokens)),
        responder_(kResponderThreads),
        pusher_(kPusherThreads, kPusherManners),
        api_{parts.sessions, parts.metrics,   parts.access, parts.loop,
             parts.random,   *authenticator_, tracker_,     parts.trail,
             parts.quotas,   responder_,      pusher_,      options.max_connection_age},
        service_(api_, watches_),
        port_(listener->port()),
        credentials_(CredentialsFor(options)) {
    grpc::EnableDefaultHealthCheckService(true);
    RouteGrpcLog();
    // Or it writes to stderr about each text that is not UTF-8, as often as a caller sends one.
    google::protobuf::SetLogHandler(nullptr);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
    SetLimits(builder, options.max_connection_age, options.leaving_margin);
    builder.RegisterService(&service_);
    // The broker accepts connections itself: gRPC's own listener stays deaf after it once ran out
    // of file descriptors (CVE-2023-4785).
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return;
    server_->GetHealthCheckService()->SetServingStatus(kServiceName, true);
    accepting_ =
        std::make_unique<AcceptLoop>(std::move(listener), options.connections, [this](int fd) {
          grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
          connection.fd = fd;
          acceptor_->HandleNewConnection(&connection);
        });
  }

  ~Serving() {
    if (server_ == nullptr) return;
    accepting_->Stop();
    CutOff();
    tracker_.WaitUntilNone(absl::InfiniteDuration());
    server_->Wait();
  }

  bool ok() const { return server_ != nullptr; }
  std::string address() const {
    const bool is_ipv6 = absl::StrContains(host_, ':');
    return is_ipv6 ? absl::StrCat("[", host_, "]:", port_) : absl::StrCat(host_, ":", port_);
  }

  void LetPast(const PeerAddress& peer) { accepting_->LetPast(peer); }

  void BeginDrain() { server_->GetHealthCheckService()->SetServingStatus(false); }

  void RefuseNew() {
    if (!accepting_->Stop()) return;
    BeginDrain();
    // gRPC lets go of calls that come after it has sent GOAWAY and before its peers have seen it:
    // they see CANCELLED. So first all are told in our words to wait, and then to leave.
    tracker_.StartDraining();
    tracker_.WaitUntilQuiet(kLongestUnrest);
    goaway_.Send(*server_);
    watches_.EndAll();
  }

  void FinishCalls(absl::Duration grace) {
    if (!tracker_.WaitUntilNone(grace)) CutOff();
  }

 private:
  // Cancels what is left and closes all connections.
  void CutOff() { server_->Shutdown(absl::ToChronoTime(absl::UnixEpoch())); }

  const std::string host_;
  const std::unique_ptr<const Authenticator> authenticator_;
  CallTracker tracker_;
  ThreadWorkerPool responder_;
  ThreadWorkerPool pusher_;
  const ApiParts api_;
  WatchRegistry watches_;
  CredentialBrokerService service_;
  const int port_;
  // What it is asked for at each handshake; outlives the server.
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  Goaway goaway_;
  std::unique_ptr<AcceptLoop> accepting_;
};

GrpcServer::GrpcServer(std::unique_ptr<Serving> serving) : serving_(std::move(serving)) {}
GrpcServer::~GrpcServer() = default;

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              const Parts& parts) {
  // Listening on an address of loopback is not enough: where route_localnet is on, as on nodes of
  // Kubernetes, neighbours can reach that too (CVE-2020-8558).
  auto listener = options.tls == nullptr ? TcpListener::Open(options.host, options.port, IsLoopback)
                                         : TcpListener::Open(options.host, options.port);
  if (!listener.ok()) return listener.status();
  auto serving = std::make_unique<Serving>(options, parts, *std::move(listener));
  if (!serving->ok()) return absl::UnavailableError("the gRPC server cannot be started");
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(serving)));
}

std::string GrpcServer::address() const { return serving_->address(); }
void GrpcServer::LetPast(const PeerAddress& peer) { serving_->LetPast(peer); }
void GrpcServer::BeginDrain() { serving_->BeginDrain(); }
void GrpcServer::RefuseNew() { serving_->RefuseNew(); }
void GrpcServer::FinishCalls(absl::Duration grace) { serving_->FinishCalls(grace); }

}  // namespace credbroker
