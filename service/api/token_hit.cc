#include "service/api/token_hit.h"

#include <grpc/grpc.h>

#include <memory>
#include <new>
#include <optional>

#include "service/api/token_answer.h"
#include "service/api/token_query.h"
#include "service/api/wire_message.h"

namespace credbroker {
namespace {

// Is finished before gRPC ever sees it. Lives in the memory that the call has anyway.
class HitReactor : public grpc::ServerUnaryReactor {
 public:
  static HitReactor* Make(grpc::CallbackServerContext& context, CallTracker& tracker) {
    return new (grpc_call_arena_alloc(context.c_call(), sizeof(HitReactor))) HitReactor(tracker);
  }
  void OnDone() override {
    CallTracker& tracker = tracker_;
    this->~HitReactor();
    tracker.Leave();
  }

 private:
  explicit HitReactor(CallTracker& tracker) : tracker_(tracker) {}
  // OnDone does next to nothing, so gRPC need not hand it to another thread: that would cost more
  // than all the rest of a hit.
  bool InternalInlineable() override { return true; }

  CallTracker& tracker_;
};

SessionPtr FindHit(const ApiParts& parts, const Caller& caller, const TokenQuery& query) {
  const std::shared_ptr<const AccessRules> rules = parts.access.Get();
  const absl::StatusOr<Access> access =
      Decide(caller, {Rpc::kGetToken, query.tenant, query.account, false, false}, *rules->tenants,
             rules->policy);
  if (!access.ok()) return nullptr;
  return parts.sessions.Peek(access->key, query.min_remaining_lifetime, caller.principals);
}

SessionPtr FindHit(const ApiParts& parts, const grpc::CallbackServerContext& context,
                   const TokenQuery& query) {
  if (const Caller* everyone = parts.authenticator.Everyone(); everyone != nullptr) {
    return FindHit(parts, *everyone, query);
  }
  const ShownEvidence evidence(context);
  const absl::StatusOr<Caller> caller =
      parts.authenticator.Identify(evidence.view(), parts.loop.WallNow());
  return caller.ok() ? FindHit(parts, *caller, query) : nullptr;
}

}  // namespace

grpc::ServerUnaryReactor* AnswerTokenHit(const ApiParts& parts,
                                         grpc::CallbackServerContext& context,
                                         const grpc::ByteBuffer& request,
                                         grpc::ByteBuffer& answer) {
  const Instant start = parts.loop.Now();
  const grpc::Slice bytes = Flatten(request);
  const std::optional<TokenQuery> query = ReadTokenQuery(ViewOf(bytes));
  if (!query.has_value()) return nullptr;
  if (!parts.tracker.Enter()) {
    parts.tracker.Leave();
    return nullptr;
  }
  const SessionPtr hit = FindHit(parts, context, *query);
  if (hit == nullptr) {
    parts.tracker.Leave();
    return nullptr;
  }
  BytesOf(TokenAnswer(*hit)).Swap(&answer);
  parts.metrics.CountRpc(RpcName(Rpc::kGetToken), absl::StatusCode::kOk, parts.loop.Now() - start);
  HitReactor* const reactor = HitReactor::Make(context, parts.tracker);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace credbroker
