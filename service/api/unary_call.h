#ifndef CREDBROKER_SERVICE_API_UNARY_CALL_H_
#define CREDBROKER_SERVICE_API_UNARY_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/api/admission.h"

namespace credbroker {

class UnaryReactor;

// One unary call from its arrival to its answer: counted, cancellable, finished exactly once.
// Shared by the reactor, which ends when gRPC is done with it, and the callbacks, which may end
// later. Thread-safe.
class UnaryCall : public std::enable_shared_from_this<UnaryCall> {
 public:
  // `parts` outlives the call.
  UnaryCall(const ApiParts& parts, Rpc rpc, CallNames names);

  // Its reactor, which StartUnaryCall makes.
  void Attach(UnaryReactor* reactor);
  // What the handler returns to gRPC; to be asked for before anything can finish the call.
  grpc::ServerUnaryReactor* reactor();

  // See Admit; DRAINING if the server refuses new calls. If it fails, so has the call.
  absl::StatusOr<Admission> Admit(const grpc::CallbackServerContext& context,
                                  const AccessRequest& request, const absl::Status& fields);

  // The call waits for this one of the session manager's: it is cancelled with it.
  void WaitsFor(CallId call);

  // Answers; only the first time counts. The response must have been filled before.
  void Finish(const absl::Status& status);

  // Runs `answer` where it does not hold up the loop.
  void Respond(WorkerPool::Work answer);

  // The reactor's.
  void OnCancel();
  void OnDone();

 private:
  const ApiParts& parts_;
  const Rpc rpc_;
  const Instant start_;
  const bool admitted_;
  // Written by Admit alone, before anything else can fail.
  CallNames names_;

  absl::Mutex mutex_;
  UnaryReactor* reactor_ ABSL_GUARDED_BY(mutex_) = nullptr;
  CallId waits_for_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusCode code_ ABSL_GUARDED_BY(mutex_) = absl::StatusCode::kCancelled;
};

// Makes a call and its reactor.
std::shared_ptr<UnaryCall> StartUnaryCall(const ApiParts& parts, Rpc rpc, CallNames names);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_UNARY_CALL_H_
