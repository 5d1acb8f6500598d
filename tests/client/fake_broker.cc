#include "tests/client/fake_broker.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

#include "client/cli/render.h"
#include "client/cli/run.h"

namespace credbroker {

FakeBroker::FakeBroker() : FakeBroker(grpc::InsecureServerCredentials()) {}

FakeBroker::FakeBroker(const std::shared_ptr<grpc::ServerCredentials>& credentials)
    : token(TestToken()) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeBroker::~FakeBroker() { server_->Shutdown(absl::ToChronoTime(absl::Now())); }

std::string FakeBroker::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeBroker::Note(const grpc::ServerContext& context) {
  ++calls;
  const auto found = context.client_metadata().find("authorization");
  authorization = found == context.client_metadata().end()
                      ? ""
                      : std::string(found->second.data(), found->second.size());
  time_given = absl::FromChrono(context.deadline()) - absl::Now();
}

grpc::Status FakeBroker::GetToken(grpc::ServerContext* context, const v1::GetTokenRequest* request,
                                  v1::GetTokenResponse* response) {
  Note(*context);
  get_token = *request;
  *response->mutable_token() = token;
  return status;
}

grpc::Status FakeBroker::Login(grpc::ServerContext* context, const v1::LoginRequest* request,
                               v1::LoginResponse* response) {
  Note(*context);
  login = *request;
  *response->mutable_token() = token;
  response->set_reused(reused);
  return status;
}

grpc::Status FakeBroker::Refresh(grpc::ServerContext* context, const v1::RefreshRequest* request,
                                 v1::RefreshResponse* response) {
  Note(*context);
  refresh = *request;
  *response->mutable_token() = token;
  return status;
}

grpc::Status FakeBroker::WatchToken(grpc::ServerContext* context,
                                    const v1::WatchTokenRequest* request,
                                    grpc::ServerWriter<v1::WatchTokenResponse>* writer) {
  Note(*context);
  watch = *request;
  for (const v1::WatchTokenResponse& event : events) writer->Write(event);
  // Writing is how a synchronous handler learns that the caller has gone.
  while (watch_stays_open && writer->Write(events.front())) {
  }
  return status;
}

grpc::Status FakeBroker::Logout(grpc::ServerContext* context, const v1::LogoutRequest* request,
                                v1::LogoutResponse* response) {
  Note(*context);
  logout = *request;
  response->set_revoked_upstream(revoked_upstream);
  return status;
}

grpc::Status FakeBroker::ListSessions(grpc::ServerContext* context,
                                      const v1::ListSessionsRequest* request,
                                      v1::ListSessionsResponse* response) {
  Note(*context);
  list_sessions.push_back(*request);
  size_t page = 0;
  if (!request->page_token().empty() && !absl::SimpleAtoi(request->page_token(), &page)) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "page_token");
  }
  if (page < pages.size()) *response = pages[page];
  return status;
}

absl::Time TestNow() { return absl::FromUnixSeconds(1893456000); }

v1::Token TestToken() {
  v1::Token token;
  token.set_access_token("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl");
  token.set_header_name("Session");
  token.set_generation(7);
  token.set_device_id("device-1");
  token.mutable_issue_time()->set_seconds(absl::ToUnixSeconds(TestNow()));
  token.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(TestNow() + absl::Minutes(5)));
  return token;
}

grpc::Status BrokerFailure(grpc::StatusCode code, const std::string& message,
                           const std::string& reason, absl::Duration retry_delay,
                           const std::string& principal) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  google::rpc::ErrorInfo error;
  error.set_domain("credbroker");
  error.set_reason(reason);
  if (!principal.empty()) (*error.mutable_metadata())["principal"] = principal;
  details.add_details()->PackFrom(error);
  if (retry_delay != absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToProto(retry_delay);
    details.add_details()->PackFrom(retry);
  }
  return grpc::Status(code, message, details.SerializeAsString());
}

Outcome RunLine(const std::vector<std::string>& arguments, const std::string& in) {
  std::vector<const char*> argv = {"credbroker"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::istringstream input(in);
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome;
  outcome.exit_code =
      RunCredbroker(static_cast<int>(argv.size()), argv.data(), input, out, err, TestNow);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

TemporaryFile::TemporaryFile(const std::string& content)
    : path_(::testing::TempDir() + "credbroker-client-XXXXXX") {
  const int descriptor = mkstemp(path_.data());
  EXPECT_GE(descriptor, 0);
  EXPECT_EQ(write(descriptor, content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  close(descriptor);
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

}  // namespace credbroker
