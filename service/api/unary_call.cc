#include "service/api/unary_call.h"

#include <utility>

#include "service/api/audited_call.h"
#include "service/model/failure.h"

namespace credbroker {

// Deletes itself when gRPC is done with it.
class UnaryReactor : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryReactor(std::shared_ptr<UnaryCall> call) : call_(std::move(call)) {}
  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override {
    const std::shared_ptr<UnaryCall> call = std::move(call_);
    delete this;
    call->OnDone();
  }

 private:
  // None of these does more than to take a lock for a moment, so gRPC need not hand them to another
  // thread, which costs more than they do.
  bool InternalInlineable() override { return true; }

  std::shared_ptr<UnaryCall> call_;
};

UnaryCall::UnaryCall(const ApiParts& parts, Rpc rpc, CallNames names, Instant deadline,
                     grpc::ByteBuffer& answer)
    : parts_(parts),
      rpc_(rpc),
      start_(parts.loop.Now()),
      deadline_(deadline),
      admitted_(parts.tracker.Enter()),
      names_(std::move(names)),
      answer_(answer) {}

std::shared_ptr<UnaryCall> UnaryCall::Start(const ApiParts& parts, Rpc rpc, CallNames names,
                                            const grpc::CallbackServerContext& context,
                                            grpc::ByteBuffer& answer) {
  std::shared_ptr<UnaryCall> call(
      new UnaryCall(parts, rpc, std::move(names), DeadlineOf(context, parts.loop), answer));
  absl::MutexLock lock(&call->mutex_);
  call->reactor_ = new UnaryReactor(call);
  return call;
}

grpc::ServerUnaryReactor* UnaryCall::reactor() {
  absl::MutexLock lock(&mutex_);
  return reactor_;
}

absl::StatusOr<Admission> UnaryCall::Admit(const grpc::CallbackServerContext& context,
                                           const AccessRequest& request,
                                           const absl::Status& fields) {
  absl::StatusOr<Admission> admission =
      admitted_ ? credbroker::Admit(parts_, context, request, fields, names_)
                : absl::StatusOr<Admission>(Failure(Reason::kDraining,
                                                    "the broker is shutting down: ask another one",
                                                    absl::Seconds(1)));
  if (!admission.ok()) {
    if (rpc_ == Rpc::kGetToken) {
      parts_.metrics.CountTokenRequest(names_.tenant, TokenOutcome::kRefused);
    }
    Fail(admission.status());
    return admission;
  }
  place_ = std::move(admission->place);
  return admission;
}

void UnaryCall::WaitsFor(CallId call) {
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    waits_for_ = call;
    cancelled = cancelled_;
  }
  if (cancelled && call != 0) parts_.sessions.Cancel(call);
}

void UnaryCall::Succeed(grpc::ByteBuffer answer) { Finish(grpc::Status::OK, std::move(answer)); }

void UnaryCall::Fail(const absl::Status& status) {
  NoteDenial(parts_, rpc_, names_, status);
  Finish(ToGrpcStatus(status, names_), {});
}

void UnaryCall::Finish(const grpc::Status& status, grpc::ByteBuffer answer) {
  UnaryReactor* reactor;
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(finished_, true)) return;
    cancelled = cancelled_;
    reactor = reactor_;
  }
  const Instant now = parts_.loop.Now();
  // Before the caller can see the answer, so that it finds itself counted.
  parts_.metrics.CountRpc(RpcName(rpc_),
                          cancelled ? CancellationCode(start_, deadline_, now)
                                    : static_cast<absl::StatusCode>(status.error_code()),
                          now - start_);
  answer_.Swap(&answer);
  place_.Answered();
  // gRPC keeps the reactor until this has been called.
  reactor->Finish(status);
}

void UnaryCall::Respond(WorkerPool::Work answer) { parts_.responder.Submit("", std::move(answer)); }

void UnaryCall::OnCancel() {
  CallId call;
  {
    absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    call = waits_for_;
  }
  if (call != 0) parts_.sessions.Cancel(call);
}

void UnaryCall::OnDone() {
  {
    absl::MutexLock lock(&mutex_);
    reactor_ = nullptr;
  }
  place_ = CallerQuotas::Place();
  parts_.tracker.Leave();
}

}  // namespace credbroker
