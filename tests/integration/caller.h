#ifndef CREDBROKER_TESTS_INTEGRATION_CALLER_H_
#define CREDBROKER_TESTS_INTEGRATION_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "credbroker/v1/credential_broker.grpc.pb.h"

namespace credbroker {

// What a call has brought: a token, or a failure.
struct Answer {
  grpc::Status status;
  v1::Token token;

  // Of ErrorInfo; empty if there is none.
  std::string reason;
  // Of RetryInfo.
  std::optional<absl::Duration> retry;

  bool ok() const { return status.ok(); }
  // "OK", or the code's number and the reason, for messages of a test.
  std::string Text() const;
};

// A client of the broker, on a connection of its own. Thread-safe.
class Caller {
 public:
  // Over TLS if there are credentials.
  explicit Caller(const std::string& address,
                  const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                      grpc::InsecureChannelCredentials());

  v1::CredentialBroker::Stub& stub() { return *stub_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Each waits for 30 s at most unless `patience` says otherwise.
  Answer GetToken(const std::string& account = "", absl::Duration patience = absl::Seconds(30));
  Answer Refresh(const std::string& account = "",
                 std::optional<uint64_t> if_generation = std::nullopt);
  Answer Login(v1::LoginRequest request);
  // Whether upstream has confirmed it.
  bool Logout(const std::string& account = "");
  v1::ListSessionsResponse ListSessions();

  // What grpc.health.v1.Health/Check says: 1 is SERVING, 2 NOT_SERVING; nothing if it fails.
  std::optional<int> Health(const std::string& service = "");

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::CredentialBroker::Stub> stub_;
};

// The status with what its details say.
Answer AnswerOf(const grpc::Status& status, const v1::Token& token = {});

// A stream of WatchToken, and what came on it. For one thread.
class Watch {
 public:
  explicit Watch(Caller& caller, const std::string& account = "");
  ~Watch();

  // The next event; nothing if the stream has ended. Waits.
  std::optional<v1::WatchTokenResponse> Next();
  // How it ended. After Next has returned nothing.
  Answer End();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchTokenResponse>> stream_;
  bool ended_ = false;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_CALLER_H_
