#include "tests/integration/caller.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

constexpr absl::Duration kLongest = absl::Seconds(30);

void SetPatience(grpc::ClientContext& context, absl::Duration patience) {
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
}

std::shared_ptr<grpc::Channel> OpenChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

std::string Answer::Text() const {
  if (status.ok()) return "OK";
  return absl::StrCat(static_cast<int>(status.error_code()), " ", reason, " ",
                      status.error_message());
}

Answer AnswerOf(const grpc::Status& status, const v1::Token& token) {
  Answer answer{status, token, "", std::nullopt};
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  for (const auto& any : details.details()) {
    google::rpc::ErrorInfo error;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&error)) {
      EXPECT_EQ(error.domain(), "credbroker");
      answer.reason = error.reason();
    } else if (any.UnpackTo(&retry)) {
      answer.retry = absl::Seconds(retry.retry_delay().seconds()) +
                     absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return answer;
}

Caller::Caller(const std::string& address,
               const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : channel_(OpenChannel(address, credentials)), stub_(v1::CredentialBroker::NewStub(channel_)) {}

Answer Caller::GetToken(const std::string& account, absl::Duration patience) {
  grpc::ClientContext context;
  SetPatience(context, patience);
  v1::GetTokenRequest request;
  request.set_tenant("demo");
  request.set_account(account);
  v1::GetTokenResponse response;
  const grpc::Status status = stub_->GetToken(&context, request, &response);
  return AnswerOf(status, response.token());
}

Answer Caller::Refresh(const std::string& account, std::optional<uint64_t> if_generation) {
  grpc::ClientContext context;
  SetPatience(context, kLongest);
  v1::RefreshRequest request;
  request.set_tenant("demo");
  request.set_account(account);
  if (if_generation.has_value()) request.set_if_generation(*if_generation);
  v1::RefreshResponse response;
  const grpc::Status status = stub_->Refresh(&context, request, &response);
  return AnswerOf(status, response.token());
}

Answer Caller::Login(v1::LoginRequest request) {
  grpc::ClientContext context;
  SetPatience(context, kLongest);
  request.set_tenant("demo");
  v1::LoginResponse response;
  const grpc::Status status = stub_->Login(&context, request, &response);
  return AnswerOf(status, response.token());
}

bool Caller::Logout(const std::string& account) {
  grpc::ClientContext context;
  SetPatience(context, kLongest);
  v1::LogoutRequest request;
  request.set_tenant("demo");
  request.set_account(account);
  v1::LogoutResponse response;
  const grpc::Status status = stub_->Logout(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.revoked_upstream();
}

v1::ListSessionsResponse Caller::ListSessions() {
  grpc::ClientContext context;
  SetPatience(context, kLongest);
  v1::ListSessionsResponse response;
  const grpc::Status status = stub_->ListSessions(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

// No code is generated for the health service: its messages are one field each. HealthCheckRequest
// has the service's name as field 1, HealthCheckResponse the status.
std::optional<int> Caller::Health(const std::string& service) {
  std::string request_bytes;
  if (!service.empty()) {
    request_bytes =
        absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
  }
  const grpc::Slice slice(request_bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  SetPatience(context, kLongest);
  grpc::GenericStub stub(channel_);
  absl::Notification done;
  grpc::Status status;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&](grpc::Status ended) {
                   status = std::move(ended);
                   done.Notify();
                 });
  done.WaitForNotification();
  if (!status.ok()) return std::nullopt;
  std::vector<grpc::Slice> slices;
  response.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& part : slices) bytes.append(part.begin(), part.end());
  return bytes.size() == 2 && bytes[0] == '\x08' ? std::optional<int>(bytes[1]) : std::nullopt;
}

Watch::Watch(Caller& caller, const std::string& account) {
  v1::WatchTokenRequest request;
  request.set_tenant("demo");
  request.set_account(account);
  stream_ = caller.stub().WatchToken(&context_, request);
}

Watch::~Watch() {
  context_.TryCancel();
  if (!ended_) stream_->Finish();
}

std::optional<v1::WatchTokenResponse> Watch::Next() {
  v1::WatchTokenResponse event;
  if (!stream_->Read(&event)) return std::nullopt;
  return event;
}

Answer Watch::End() {
  ended_ = true;
  return AnswerOf(stream_->Finish());
}

}  // namespace credbroker
