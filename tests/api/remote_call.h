#ifndef CREDBROKER_TESTS_API_REMOTE_CALL_H_
#define CREDBROKER_TESTS_API_REMOTE_CALL_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace credbroker {

// How long a test waits for what must come; far more than it takes.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// A failed call as its caller sees it.
struct Refusal {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  // Of google.rpc.ErrorInfo; empty without one.
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;
  // Of google.rpc.RetryInfo.
  std::optional<absl::Duration> retry_delay;
};
Refusal RefusalIn(const grpc::Status& status);

// What came of a call.
template <typename Response>
struct Outcome {
  grpc::Status status;
  Response response;

  bool ok() const { return status.ok(); }
  grpc::StatusCode code() const { return status.error_code(); }
  std::string reason() const { return RefusalIn(status).reason; }
};

// A call that goes on in the background.
template <typename Response>
class PendingCall {
 public:
  // `start(context, response, done)` starts it.
  template <typename Start>
  explicit PendingCall(Start start) {
    start(&context, &outcome_.response, [this](grpc::Status status) {
      outcome_.status = std::move(status);
      done_.Notify();
    });
  }
  ~PendingCall() {
    context.TryCancel();
    done_.WaitForNotification();
  }

  bool done() const { return done_.HasBeenNotified(); }
  Outcome<Response> Wait() {
    EXPECT_TRUE(done_.WaitForNotificationWithTimeout(kPatience));
    return done() ? outcome_ : Outcome<Response>{{grpc::StatusCode::UNKNOWN, "no answer"}, {}};
  }

  grpc::ClientContext context;

 private:
  Outcome<Response> outcome_;
  absl::Notification done_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_API_REMOTE_CALL_H_
