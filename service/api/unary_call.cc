#include "service/api/unary_call.h"

#include <utility>

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
  std::shared_ptr<UnaryCall> call_;
};

UnaryCall::UnaryCall(const ApiParts& parts, Rpc rpc, CallNames names)
    : parts_(parts),
      rpc_(rpc),
      start_(parts.clock.Steady()),
      admitted_(parts.tracker.Enter()),
      names_(std::move(names)) {}

std::shared_ptr<UnaryCall> StartUnaryCall(const ApiParts& parts, Rpc rpc, CallNames names) {
  auto call = std::make_shared<UnaryCall>(parts, rpc, std::move(names));
  call->Attach(new UnaryReactor(call));
  return call;
}

void UnaryCall::Attach(UnaryReactor* reactor) {
  absl::MutexLock lock(&mutex_);
  reactor_ = reactor;
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
    Finish(admission.status());
  }
  return admission;
}

void UnaryCall::WaitsFor(CallId call) {
  bool cancelled;
  {
    absl::MutexLock lock(&mutex_);
    waits_for_ = call;
    cancelled = cancelled_;
  }
  if (cancelled) parts_.sessions.Cancel(call);
}

void UnaryCall::Finish(const absl::Status& status) {
  UnaryReactor* reactor;
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(finished_, true)) return;
    code_ = status.code();
    reactor = reactor_;
  }
  // gRPC keeps the reactor until this has been called.
  reactor->Finish(status.ok() ? grpc::Status::OK : ToGrpcStatus(status, names_));
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
  absl::StatusCode code;
  {
    absl::MutexLock lock(&mutex_);
    reactor_ = nullptr;
    code = code_;
  }
  parts_.metrics.CountRpc(RpcName(rpc_), code, parts_.clock.Steady() - start_);
  parts_.tracker.Leave();
}

}  // namespace credbroker
