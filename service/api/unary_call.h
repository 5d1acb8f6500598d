#ifndef CREDBROKER_SERVICE_API_UNARY_CALL_H_
#define CREDBROKER_SERVICE_API_UNARY_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/synchronization/mutex.h"

#include "service/api/admission.h"
#include "service/api/field_check.h"
#include "service/api/wire_message.h"

namespace credbroker {

class UnaryReactor;

// One unary call from its arrival to its answer: counted, cancellable, answered exactly once.
// Shared by the reactor, which ends when gRPC is done with it, and the callbacks, which may end
// later. Thread-safe.
class UnaryCall {
 public:
  // Makes a call and its reactor. `parts` and `answer`, where the answer goes, outlive the reactor.
  static std::shared_ptr<UnaryCall> Start(const ApiParts& parts, Rpc rpc, CallNames names,
                                          const grpc::CallbackServerContext& context,
                                          grpc::ByteBuffer& answer);

  // What the handler returns to gRPC; to be asked for before anything can finish the call.
  grpc::ServerUnaryReactor* reactor();

  // See Admit; DRAINING if the server refuses new calls. If it fails, so has the call.
  absl::StatusOr<Admission> Admit(const grpc::CallbackServerContext& context,
                                  const AccessRequest& request, const absl::Status& fields);

  // The call waits for this one of the session manager's: it is cancelled with it.
  void WaitsFor(CallId call);

  // Ends the call; of these two only the first counts.
  void Succeed(grpc::ByteBuffer answer);
  void Fail(const absl::Status& status);

  // Runs `answer` where it does not hold up the loop.
  void Respond(WorkerPool::Work answer);

 private:
  friend class UnaryReactor;
  UnaryCall(const ApiParts& parts, Rpc rpc, CallNames names, Instant deadline,
            grpc::ByteBuffer& answer);
  void Finish(const grpc::Status& status, grpc::ByteBuffer answer);
  void OnCancel();
  void OnDone();

  const ApiParts& parts_;
  const Rpc rpc_;
  const Instant start_;
  // The caller's own.
  const Instant deadline_;
  const bool admitted_;
  // Written by Admit alone, before anything else can fail.
  CallNames names_;
  CallerQuotas::Place place_;
  // Belongs to whoever sets `finished_`.
  grpc::ByteBuffer& answer_;

  absl::Mutex mutex_;
  UnaryReactor* reactor_ ABSL_GUARDED_BY(mutex_) = nullptr;
  CallId waits_for_ ABSL_GUARDED_BY(mutex_) = 0;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// What each request asks for, in the authorizer's terms. Views into the request.
template <typename Request>
AccessRequest AccessOf(Rpc rpc, const Request& request) {
  return {rpc, request.tenant(), request.account(), /*has_password=*/false, /*release_hold=*/false};
}
inline AccessRequest AccessOf(Rpc rpc, const v1::LoginRequest& request) {
  return {rpc, request.tenant(), request.account(), request.has_password(), request.release_hold()};
}
inline AccessRequest AccessOf(Rpc rpc, const v1::ListSessionsRequest& request) {
  return {rpc, request.tenant(), /*account=*/"", /*has_password=*/false, /*release_hold=*/false};
}

// Overwrites the secrets of a request that has been dealt with, wherever we can reach them.
template <typename Request>
void WipeSecrets(Request&, const grpc::Slice&, const grpc::ByteBuffer&) {}
inline void WipeSecrets(v1::LoginRequest& request, const grpc::Slice& copy,
                        const grpc::ByteBuffer& bytes) {
  Wipe(*request.mutable_password());
  Wipe(copy);
  Wipe(bytes);
}

// Serves a unary rpc from bytes to bytes: reads the request, lets in who may, and calls
// `handle(call, request, admission)`, which answers the call, or starts what it waits for and
// returns that. `request` ends with `handle`.
template <typename Request, typename Handle>
grpc::ServerUnaryReactor* ServeUnary(const ApiParts& parts, Rpc rpc,
                                     const grpc::CallbackServerContext& context,
                                     const grpc::ByteBuffer& bytes, grpc::ByteBuffer& answer,
                                     Handle handle) {
  Request request;
  const grpc::Slice slice = Flatten(bytes);
  const absl::Cleanup wipe = [&] { WipeSecrets(request, slice, bytes); };
  const absl::Status read = Parse(ViewOf(slice), request);
  const AccessRequest access = AccessOf(rpc, request);
  CallNames names;
  if (read.ok()) names = {std::string(access.tenant), std::string(access.account), ""};
  const std::shared_ptr<UnaryCall> call =
      UnaryCall::Start(parts, rpc, std::move(names), context, answer);
  grpc::ServerUnaryReactor* const reactor = call->reactor();
  auto admission = call->Admit(context, access, read.ok() ? CheckFields(request) : read);
  if (admission.ok()) call->WaitsFor(handle(call, request, *std::move(admission)));
  return reactor;
}

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_UNARY_CALL_H_
