#include "client/cli/commands.h"

#include <algorithm>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"

#include "client/cli/render.h"

namespace credbroker {
namespace {

using Broker = v1::CredentialBroker::StubInterface;

// The most that one answer may hold.
constexpr int kPageSize = 1000;

grpc::Status Unusable(const std::string& what) {
  return grpc::Status(grpc::StatusCode::INTERNAL, "unusable answer: " + what);
}

void Prepare(const CallSettings& settings, grpc::ClientContext& context) {
  if (settings.deadline != absl::InfiniteFuture()) {
    context.set_deadline(absl::ToChronoTime(settings.deadline));
  }
  if (!settings.bearer_token.empty()) {
    context.AddMetadata("authorization", "Bearer " + settings.bearer_token);
  }
}

grpc::Status WriteJson(const google::protobuf::Message& message, std::ostream& out) {
  const absl::StatusOr<std::string> line = JsonLine(message);
  if (!line.ok()) return Unusable(std::string(line.status().message()));
  out << *line << '\n' << std::flush;
  return grpc::Status::OK;
}

// A token goes into shell variables and header lines: nothing but one word may be printed as one.
grpc::Status CheckToken(const v1::Token& token) {
  const std::string& text = token.access_token();
  if (text.empty()) return Unusable("no token");
  const bool graphic = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  return graphic ? grpc::Status::OK : Unusable("a token with unprintable characters");
}

// All that is worth saying about a token, without the token.
void WriteTokenFacts(const v1::Token& token, const ResultSink& sink) {
  sink.out << "generation: " << token.generation() << '\n'
           << "expires:    " << ExpiryText(token, sink.now()) << '\n'
           << "header:     " << EscapeForTerminal(token.header_name()) << '\n';
  if (!token.device_id().empty()) {
    sink.out << "device:     " << EscapeForTerminal(token.device_id()) << '\n';
  }
}

template <typename Request>
Request Address(const Options& options) {
  Request request;
  request.set_tenant(options.tenant);
  request.set_account(options.account);
  return request;
}

grpc::Status Token(Broker& broker, const Options& options, const CallSettings& settings,
                   const ResultSink& sink) {
  auto request = Address<v1::GetTokenRequest>(options);
  if (options.min_remaining.has_value()) {
    *request.mutable_min_remaining_lifetime() = ToProto(*options.min_remaining);
  }
  grpc::ClientContext context;
  Prepare(settings, context);
  v1::GetTokenResponse response;
  grpc::Status status = broker.GetToken(&context, request, &response);
  if (status.ok()) status = CheckToken(response.token());
  if (!status.ok()) return status;
  if (options.output == OutputFormat::kJson) return WriteJson(response, sink.out);
  sink.out << response.token().access_token() << '\n';
  return grpc::Status::OK;
}

v1::LoginRequest LoginRequestOf(const Options& options, const CallSettings& settings) {
  auto request = Address<v1::LoginRequest>(options);
  request.set_force_new(options.force_new);
  request.set_release_hold(options.release_hold);
  if (!settings.password.empty()) request.set_password(settings.password);
  const DeviceOptions& device = options.device;
  if (device.device_name) request.mutable_device()->set_device_name(*device.device_name);
  if (device.browser) request.mutable_device()->set_browser(*device.browser);
  if (device.os) request.mutable_device()->set_os(*device.os);
  if (device.os_version) request.mutable_device()->set_os_version(*device.os_version);
  return request;
}

grpc::Status Login(Broker& broker, const Options& options, const CallSettings& settings,
                   const ResultSink& sink) {
  grpc::ClientContext context;
  Prepare(settings, context);
  v1::LoginResponse response;
  grpc::Status status = broker.Login(&context, LoginRequestOf(options, settings), &response);
  if (status.ok()) status = CheckToken(response.token());
  if (!status.ok()) return status;
  if (options.output == OutputFormat::kJson) return WriteJson(response, sink.out);
  WriteTokenFacts(response.token(), sink);
  sink.out << "reused:     " << (response.reused() ? "yes" : "no") << '\n';
  return grpc::Status::OK;
}

grpc::Status Refresh(Broker& broker, const Options& options, const CallSettings& settings,
                     const ResultSink& sink) {
  auto request = Address<v1::RefreshRequest>(options);
  if (options.if_generation.has_value()) request.set_if_generation(*options.if_generation);
  grpc::ClientContext context;
  Prepare(settings, context);
  v1::RefreshResponse response;
  grpc::Status status = broker.Refresh(&context, request, &response);
  if (status.ok()) status = CheckToken(response.token());
  if (!status.ok()) return status;
  if (options.output == OutputFormat::kJson) return WriteJson(response, sink.out);
  WriteTokenFacts(response.token(), sink);
  return grpc::Status::OK;
}

grpc::Status Logout(Broker& broker, const Options& options, const CallSettings& settings,
                    const ResultSink& sink) {
  grpc::ClientContext context;
  Prepare(settings, context);
  v1::LogoutResponse response;
  const grpc::Status status =
      broker.Logout(&context, Address<v1::LogoutRequest>(options), &response);
  if (!status.ok()) return status;
  if (options.output == OutputFormat::kJson) return WriteJson(response, sink.out);
  sink.out << (response.revoked_upstream()
                   ? "logged out, confirmed upstream\n"
                   : "logged out; there was no session, or upstream has not confirmed yet\n");
  return grpc::Status::OK;
}

grpc::Status WriteEvent(const v1::WatchTokenResponse& event, const Options& options,
                        const ResultSink& sink) {
  if (event.event_case() == v1::WatchTokenResponse::EVENT_NOT_SET) {
    return Unusable("an event that this program does not know");
  }
  if (event.has_token()) {
    const grpc::Status status = CheckToken(event.token());
    if (!status.ok()) return status;
  }
  if (options.output == OutputFormat::kJson) return WriteJson(event, sink.out);
  if (event.has_revoked()) {
    sink.out << "revoked: " << ReasonText(event.revoked().reason()) << std::endl;
    return grpc::Status::OK;
  }
  sink.out << "generation " << event.token().generation() << ", expires "
           << ExpiryText(event.token(), sink.now());
  if (options.show_token) sink.out << ", token " << event.token().access_token();
  sink.out << std::endl;
  return grpc::Status::OK;
}

grpc::Status Watch(Broker& broker, const Options& options, const CallSettings& settings,
                   const ResultSink& sink) {
  grpc::ClientContext context;
  Prepare(settings, context);
  const std::unique_ptr<grpc::ClientReaderInterface<v1::WatchTokenResponse>> stream =
      broker.WatchToken(&context, Address<v1::WatchTokenRequest>(options));
  v1::WatchTokenResponse event;
  grpc::Status unusable;
  bool revoked = false;
  while (unusable.ok() && stream->Read(&event)) {
    revoked = event.has_revoked();
    unusable = WriteEvent(event, options, sink);
    if (!unusable.ok() || !sink.out) context.TryCancel();
  }
  const grpc::Status status = stream->Finish();
  if (!unusable.ok()) return unusable;
  if (!status.ok()) return status;
  return revoked ? status : Unusable("the stream ended without `revoked`");
}

grpc::Status Sessions(Broker& broker, const Options& options, const CallSettings& settings,
                      const ResultSink& sink) {
  v1::ListSessionsResponse all;
  const grpc::Status status = ListAllSessions(broker, options.tenant, settings, all);
  if (!status.ok()) return status;
  if (options.output == OutputFormat::kJson) return WriteJson(all, sink.out);
  sink.out << SessionTable(all, sink.now());
  return grpc::Status::OK;
}

}  // namespace

grpc::Status ListAllSessions(Broker& broker, const std::string& tenant,
                             const CallSettings& settings, v1::ListSessionsResponse& all) {
  v1::ListSessionsRequest request;
  request.set_tenant(tenant);
  request.set_page_size(kPageSize);
  do {
    grpc::ClientContext context;
    Prepare(settings, context);
    v1::ListSessionsResponse page;
    const grpc::Status status = broker.ListSessions(&context, request, &page);
    if (!status.ok()) return status;
    all.MergeFrom(page);
    all.clear_next_page_token();
    if (!page.next_page_token().empty() && page.next_page_token() == request.page_token()) {
      return Unusable("a page that is followed by itself");
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return grpc::Status::OK;
}

grpc::Status RunCommand(Broker& broker, const Options& options, const CallSettings& settings,
                        const ResultSink& sink) {
  switch (options.command) {
    case Command::kToken:
      return Token(broker, options, settings, sink);
    case Command::kLogin:
      return Login(broker, options, settings, sink);
    case Command::kRefresh:
      return Refresh(broker, options, settings, sink);
    case Command::kLogout:
      return Logout(broker, options, settings, sink);
    case Command::kWatch:
      return Watch(broker, options, settings, sink);
    case Command::kSessions:
      return Sessions(broker, options, settings, sink);
    case Command::kEnroll:
    case Command::kProbe:
      break;  // See operator_commands.h.
  }
  return Unusable("no such command");
}

}  // namespace credbroker
