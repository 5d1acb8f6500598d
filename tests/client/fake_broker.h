#ifndef CREDBROKER_TESTS_CLIENT_FAKE_BROKER_H_
#define CREDBROKER_TESTS_CLIENT_FAKE_BROKER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "credbroker/v1/credential_broker.grpc.pb.h"
#include "grpcpp/server.h"

namespace credbroker {

// A broker that answers what it is told, over a real gRPC server on a port of its own, and
// remembers what it was asked. Set the answers before a call, look at the rest after it.
class FakeBroker final : public v1::CredentialBroker::Service {
 public:
  FakeBroker();
  explicit FakeBroker(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  ~FakeBroker() override;

  // "127.0.0.1:PORT"
  std::string address() const;

  // Every call ends with it; of `WatchToken` after the events.
  grpc::Status status;
  v1::Token token;
  bool reused = false;
  bool revoked_upstream = true;
  std::vector<v1::WatchTokenResponse> events;
  // WatchToken then stays open until the caller goes away.
  bool watch_stays_open = false;
  // Page N is answered to the page token "N"; page 0 to none.
  std::vector<v1::ListSessionsResponse> pages;

  v1::GetTokenRequest get_token;
  v1::LoginRequest login;
  v1::RefreshRequest refresh;
  v1::WatchTokenRequest watch;
  v1::LogoutRequest logout;
  std::vector<v1::ListSessionsRequest> list_sessions;
  int calls = 0;
  // "authorization" as the last call sent it; empty: it did not.
  std::string authorization;
  // How long the last call was given; a year or more: no deadline.
  absl::Duration time_given;

 private:
  void Note(const grpc::ServerContext& context);

  grpc::Status GetToken(grpc::ServerContext* context, const v1::GetTokenRequest* request,
                        v1::GetTokenResponse* response) override;
  grpc::Status Login(grpc::ServerContext* context, const v1::LoginRequest* request,
                     v1::LoginResponse* response) override;
  grpc::Status Refresh(grpc::ServerContext* context, const v1::RefreshRequest* request,
                       v1::RefreshResponse* response) override;
  grpc::Status WatchToken(grpc::ServerContext* context, const v1::WatchTokenRequest* request,
                          grpc::ServerWriter<v1::WatchTokenResponse>* writer) override;
  grpc::Status Logout(grpc::ServerContext* context, const v1::LogoutRequest* request,
                      v1::LogoutResponse* response) override;
  grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                            v1::ListSessionsResponse* response) override;

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// What the tests take for the present: 2030-01-01T00:00:00Z.
absl::Time TestNow();

// A token of generation 7 that ends 5 minutes after TestNow().
v1::Token TestToken();

// A status with google.rpc details as the broker makes them; no RetryInfo for a zero `retry_delay`.
grpc::Status BrokerFailure(grpc::StatusCode code, const std::string& message,
                           const std::string& reason,
                           absl::Duration retry_delay = absl::ZeroDuration(),
                           const std::string& principal = "");

// What a run of the command line left behind.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs `credbroker ARGUMENTS` with `in` as standard input, in this process.
Outcome RunLine(const std::vector<std::string>& arguments, const std::string& in = "");

// A file of its own below the test's temporary folder, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_CLIENT_FAKE_BROKER_H_
