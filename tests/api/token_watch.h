#ifndef CREDBROKER_TESTS_API_TOKEN_WATCH_H_
#define CREDBROKER_TESTS_API_TOKEN_WATCH_H_

#include <memory>
#include <optional>
#include <string>

#include "tests/api/api_fixture.h"

namespace credbroker {

// An open WatchToken stream, read by the test.
class TokenWatch {
 public:
  TokenWatch(v1::CredentialBroker::Stub& stub, const std::string& account = "one",
             const std::string& tenant = "acme", const std::string& authorization = "") {
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::WatchTokenRequest request;
    request.set_tenant(tenant);
    request.set_account(account);
    context.set_deadline(absl::ToChronoTime(SystemClock().Wall() + 2 * kPatience));
    reader_ = stub.WatchToken(&context, request);
  }
  ~TokenWatch() { context.TryCancel(); }

  // The next message; nothing if the stream has ended.
  std::optional<v1::WatchTokenResponse> Next() {
    v1::WatchTokenResponse response;
    if (!reader_->Read(&response)) return std::nullopt;
    return response;
  }
  // The next token's text, or what came instead.
  std::string NextToken() {
    const auto response = Next();
    if (!response.has_value()) return "the end";
    return response->has_token() ? response->token().access_token() : "no token";
  }
  // Reads on to the end.
  grpc::Status End() {
    while (Next().has_value()) {
    }
    return reader_->Finish();
  }

  grpc::ClientContext context;

 private:
  std::unique_ptr<grpc::ClientReader<v1::WatchTokenResponse>> reader_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_API_TOKEN_WATCH_H_
