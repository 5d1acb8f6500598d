#include "service/api/grpc_server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/api/credential_broker_service.h"
#include "service/api/goaway.h"
#include "service/ops/tcp_listener.h"

namespace credbroker {
namespace {

constexpr char kServiceName[] = "credbroker.v1.CredentialBroker";
constexpr int kLargestRequest = 64 * 1024;
constexpr int kLargestMetadata = 8 * 1024;
constexpr int kStreamsPerConnection = 4096;
constexpr int kHandshakeTimeoutMs = 10'000;
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kPeersMayPingEveryMs = 60'000;
// Ten thousand pushes of one rotation must not delay a hit: one core at most, and not before
// others.
constexpr int kResponderThreads = 1;
constexpr int kResponderNiceness = 5;
// How long callers may go on calling after they were told to wait.
constexpr absl::Duration kLongestUnrest = absl::Seconds(1);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration), INT_MAX));
}

// Every limit of the server, in one place.
void SetLimits(grpc::ServerBuilder& builder, const GrpcServerOptions& options) {
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(options.max_connection_age));
  // A connection that was asked to leave takes no call any more, and a watch that began just before
  // ends by itself within this: gRPC never cuts one off.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(options.max_connection_age + options.leaving_margin));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPeersMayPingEveryMs);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

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

}  // namespace

class GrpcServer::Serving {
 public:
  Serving(const GrpcServerOptions& options, const AccessPolicy& access, const Parts& parts,
          std::unique_ptr<TcpListener> listener)
      : host_(options.host),
        access_(access),
        responder_(kResponderThreads, kResponderNiceness),
        api_{parts.sessions, parts.metrics,  parts.tenants, parts.loop, parts.random,
             access_,        authenticator_, tracker_,      responder_, options.max_connection_age},
        service_(api_, watches_),
        listener_(std::move(listener)) {
    grpc::EnableDefaultHealthCheckService(true);
    // Or it writes to stderr about each text that is not UTF-8, as often as a caller sends one.
    google::protobuf::SetLogHandler(nullptr);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    if (!options.reflection) builder.SetOption(std::make_unique<WithoutReflection>());
    SetLimits(builder, options);
    builder.RegisterService(&service_);
    // The broker accepts connections itself: gRPC's own listener stays deaf after it once ran out
    // of file descriptors (CVE-2023-4785).
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return;
    server_->GetHealthCheckService()->SetServingStatus(kServiceName, true);
    accepting_ = std::thread([this] { Accept(); });
  }

  ~Serving() {
    if (server_ == nullptr) return;
    StopAccepting();
    CutOff();
    tracker_.WaitUntilNone(absl::InfiniteDuration());
    server_->Wait();
  }

  bool ok() const { return server_ != nullptr; }
  std::string address() const {
    const bool is_ipv6 = absl::StrContains(host_, ':');
    return is_ipv6 ? absl::StrCat("[", host_, "]:", port_) : absl::StrCat(host_, ":", port_);
  }

  void BeginDrain() { server_->GetHealthCheckService()->SetServingStatus(false); }

  void RefuseNew() {
    if (!StopAccepting()) return;
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
  // False if it has stopped before.
  bool StopAccepting() {
    if (!accepting_.joinable()) return false;
    listener_->Stop();
    accepting_.join();
    listener_.reset();
    return true;
  }

  // Cancels what is left and closes all connections.
  void CutOff() { server_->Shutdown(absl::ToChronoTime(absl::UnixEpoch())); }

  void Accept() {
    for (int fd = listener_->Accept(); fd >= 0; fd = listener_->Accept()) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    }
  }

  const std::string host_;
  const AccessPolicy access_;
  const LoopbackAuthenticator authenticator_;
  CallTracker tracker_;
  ThreadWorkerPool responder_;
  const ApiParts api_;
  WatchRegistry watches_;
  CredentialBrokerService service_;
  std::unique_ptr<TcpListener> listener_;
  const int port_ = listener_->port();
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  Goaway goaway_;
  std::thread accepting_;
};

GrpcServer::GrpcServer(std::unique_ptr<Serving> serving) : serving_(std::move(serving)) {}
GrpcServer::~GrpcServer() = default;

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options,
                                                              const AccessPolicy& access,
                                                              const Parts& parts) {
  // Listening on an address of loopback is not enough: where route_localnet is on, as on nodes of
  // Kubernetes, neighbours can reach that too (CVE-2020-8558).
  auto listener = TcpListener::Open(options.host, options.port, IsLoopback);
  if (!listener.ok()) return listener.status();
  auto serving = std::make_unique<Serving>(options, access, parts, *std::move(listener));
  if (!serving->ok()) return absl::UnavailableError("the gRPC server cannot be started");
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(serving)));
}

std::string GrpcServer::address() const { return serving_->address(); }
void GrpcServer::BeginDrain() { serving_->BeginDrain(); }
void GrpcServer::RefuseNew() { serving_->RefuseNew(); }
void GrpcServer::FinishCalls(absl::Duration grace) { serving_->FinishCalls(grace); }

}  // namespace credbroker
