#include "tests/api/api_fixture.h"

#include <grpcpp/generic/generic_stub.h>

#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

std::vector<std::shared_ptr<const Tenant>> TestTenants() {
  auto acme = std::make_shared<Tenant>();
  acme->name = "acme";
  acme->caller_passwords = true;
  acme->accounts = {{"one", "one@acme.example", "Cms", "/nonexistent/one"},
                    {"two", "two@acme.example", "", "/nonexistent/two"}};
  auto beta = std::make_shared<Tenant>();
  beta->name = "beta";
  beta->accounts = {{"main", "main@beta.example", "", "/nonexistent/main"}};
  return {acme, beta};
}

// Calls `method` of the stub and waits.
template <typename Response, typename Request>
Outcome<Response> Call(v1::CredentialBroker::Stub& stub,
                       grpc::Status (v1::CredentialBroker::Stub::*method)(grpc::ClientContext*,
                                                                          const Request&,
                                                                          Response*),
                       const Request& request) {
  grpc::ClientContext context;
  Outcome<Response> outcome;
  outcome.status = (stub.*method)(&context, request, &outcome.response);
  return outcome;
}

}  // namespace

Refusal RefusalIn(const grpc::Status& status) {
  Refusal refusal;
  refusal.code = status.error_code();
  refusal.message = status.error_message();
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) {
    ADD_FAILURE() << "the error details are not a google.rpc.Status";
    return refusal;
  }
  if (!status.error_details().empty()) {
    EXPECT_EQ(rich.code(), static_cast<int>(status.error_code()));
    EXPECT_EQ(rich.message(), status.error_message());
  }
  for (const google::protobuf::Any& any : rich.details()) {
    google::rpc::ErrorInfo error;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&error)) {
      refusal.reason = error.reason();
      refusal.domain = error.domain();
      refusal.metadata.insert(error.metadata().begin(), error.metadata().end());
    } else if (any.UnpackTo(&retry)) {
      refusal.retry_delay = absl::Seconds(retry.retry_delay().seconds()) +
                            absl::Nanoseconds(retry.retry_delay().nanos());
    } else {
      ADD_FAILURE() << "an unexpected detail: " << any.type_url();
    }
  }
  return refusal;
}

ApiFixture::ApiFixture()
    : tenants_(std::make_shared<const TenantDirectory>(TestTenants())),
      access_(std::make_shared<const AccessRules>(AccessRules{tenants_, {}})),
      sessions_({loop_, upstream_, random_, metrics_, &audit_}, SessionPolicy{}, *tenants_) {
  Serve({});
}

ApiFixture::~ApiFixture() {
  stub_.reset();
  server_.reset();
  loop_.Stop();
}

void ApiFixture::Serve(const GrpcServerOptions& options, const AccessPolicy& access) {
  stub_.reset();
  server_.reset();
  access_.Replace(std::make_shared<const AccessRules>(AccessRules{tenants_, access}));
  auto server = GrpcServer::Start(
      options, {sessions_, metrics_, access_, loop_, random_, trail_, quotas_, bearer_tokens_});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  stub_ = NewStub();
}

std::shared_ptr<grpc::Channel> ApiFixture::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(),
                                   arguments);
}

v1::GetTokenRequest ApiFixture::TokenRequest(const std::string& tenant,
                                             const std::string& account) {
  v1::GetTokenRequest request;
  request.set_tenant(tenant);
  request.set_account(account);
  return request;
}

Outcome<v1::GetTokenResponse> ApiFixture::GetToken(const v1::GetTokenRequest& request) {
  return Call(*stub_, &Stub::GetToken, request);
}
Outcome<v1::LoginResponse> ApiFixture::Login(const v1::LoginRequest& request) {
  return Call(*stub_, &Stub::Login, request);
}
Outcome<v1::RefreshResponse> ApiFixture::Refresh(const v1::RefreshRequest& request) {
  return Call(*stub_, &Stub::Refresh, request);
}
Outcome<v1::LogoutResponse> ApiFixture::Logout(const v1::LogoutRequest& request) {
  return Call(*stub_, &Stub::Logout, request);
}
Outcome<v1::ListSessionsResponse> ApiFixture::ListSessions(const v1::ListSessionsRequest& request) {
  return Call(*stub_, &Stub::ListSessions, request);
}

std::unique_ptr<ApiFixture::PendingToken> ApiFixture::StartGetToken(
    Stub& stub, const v1::GetTokenRequest& request, absl::Duration timeout) {
  return std::make_unique<PendingToken>([&](auto* context, auto* response, auto done) {
    if (timeout != absl::InfiniteDuration()) {
      context->set_deadline(absl::ToChronoTime(clock_.Wall() + timeout));
    }
    stub.async()->GetToken(context, &request, response, std::move(done));
  });
}

std::unique_ptr<ApiFixture::PendingBytes> ApiFixture::StartRaw(const std::string& method,
                                                               const std::string& bytes) {
  grpc::GenericStub stub(NewChannel());
  const std::string path =
      method.front() == '/' ? method : "/credbroker.v1.CredentialBroker/" + method;
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  return std::make_unique<PendingBytes>([&](auto* context, auto* response, auto done) {
    stub.UnaryCall(context, path, {}, &request, response, std::move(done));
  });
}

void ApiFixture::Step(absl::Duration duration) {
  clock_.Step(duration);
  RunOnLoop([] {});
}

bool ApiFixture::Eventually(absl::FunctionRef<bool()> met) {
  const Instant end = SystemClock().Steady() + kPatience;
  while (!met()) {
    if (SystemClock().Steady() > end) return false;
    RunOnLoop([] {});
  }
  return true;
}

void ApiFixture::RunOnLoop(absl::FunctionRef<void()> task) {
  absl::Notification done;
  loop_.Post([&] {
    task();
    done.Notify();
  });
  done.WaitForNotification();
}

int ApiFixture::Counted(const std::string& rpc, const std::string& code) const {
  const Exposition page(metrics_.Render());
  return static_cast<int>(
      page.Value("credbroker_rpcs_total", {{"rpc", rpc}, {"code", code}}).value_or(0));
}

}  // namespace credbroker
