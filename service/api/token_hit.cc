#include "service/api/token_hit.h"

#include <grpc/grpc.h>

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "service/api/token_answer.h"
#include "service/api/token_query.h"
#include "service/api/wire_message.h"

namespace credbroker {
namespace {

// Is finished before gRPC ever sees it. Lives in the memory that the call has anyway.
class HitReactor : public grpc::ServerUnaryReactor {
 public:
  static HitReactor* Make(grpc::CallbackServerContext& context, CallTracker& tracker,
                          CallerQuotas::Place place) {
    return new (grpc_call_arena_alloc(context.c_call(), sizeof(HitReactor)))
        HitReactor(tracker, std::move(place));
  }
  void OnDone() override {
    CallTracker& tracker = tracker_;
    this->~HitReactor();
    tracker.Leave();
  }

 private:
  HitReactor(CallTracker& tracker, CallerQuotas::Place place)
      : tracker_(tracker), place_(std::move(place)) {
    place_.Answered();
  }
  // OnDone does next to nothing, so gRPC need not hand it to another thread: that would cost more
  // than all the rest of a hit.
  bool InternalInlineable() override { return true; }

  CallTracker& tracker_;
  CallerQuotas::Place place_;
};

// A token that may go out at once, and the call's place among its caller's.
struct Hit {
  SessionPtr session;
  CallerQuotas::Place place;
};

std::optional<Hit> FindHit(const ApiParts& parts, const Caller& caller, const TokenQuery& query,
                           UnrecordedHit& unrecorded) {
  if (caller.principals.empty()) return std::nullopt;
  absl::StatusOr<CallerQuotas::Place> place = parts.quotas.Enter(caller.principals.front());
  if (!place.ok()) return std::nullopt;
  const std::shared_ptr<const AccessRules> rules = parts.access.Get();
  absl::StatusOr<Access> access =
      Decide(caller, {Rpc::kGetToken, query.tenant, query.account, false, false}, *rules->tenants,
             rules->policy);
  if (!access.ok()) return std::nullopt;
  Target target = {std::move(access->tenant), std::move(access->key), std::move(access->email)};
  SessionPtr session = parts.sessions.Peek(target, query.min_remaining_lifetime, caller.principals);
  if (session == nullptr) return std::nullopt;
  if (!parts.trail.handouts.Repeats(*session, caller.principals[access->principal])) {
    unrecorded = {std::move(session), std::move(target)};
    return std::nullopt;
  }
  return Hit{std::move(session), *std::move(place)};
}

std::optional<Hit> FindHit(const ApiParts& parts, const grpc::CallbackServerContext& context,
                           const TokenQuery& query, UnrecordedHit& unrecorded) {
  if (const Caller* everyone = parts.authenticator.Everyone(); everyone != nullptr) {
    return FindHit(parts, *everyone, query, unrecorded);
  }
  const ShownEvidence evidence(context);
  const absl::StatusOr<Caller> caller =
      parts.authenticator.Identify(evidence.view(), parts.loop.WallNow());
  if (!caller.ok()) return std::nullopt;
  return FindHit(parts, *caller, query, unrecorded);
}

}  // namespace

grpc::ServerUnaryReactor* AnswerTokenHit(const ApiParts& parts,
                                         grpc::CallbackServerContext& context,
                                         const grpc::ByteBuffer& request, grpc::ByteBuffer& answer,
                                         UnrecordedHit& unrecorded) {
  const Instant start = parts.loop.Now();
  const grpc::Slice bytes = Flatten(request);
  const std::optional<TokenQuery> query = ReadTokenQuery(ViewOf(bytes));
  if (!query.has_value()) return nullptr;
  if (!parts.tracker.Enter()) {
    parts.tracker.Leave();
    return nullptr;
  }
  std::optional<Hit> hit = FindHit(parts, context, *query, unrecorded);
  if (!hit.has_value()) {
    parts.tracker.Leave();
    return nullptr;
  }
  BytesOf(TokenAnswer(*hit->session)).Swap(&answer);
  parts.metrics.CountRpc(RpcName(Rpc::kGetToken), absl::StatusCode::kOk, parts.loop.Now() - start);
  HitReactor* const reactor = HitReactor::Make(context, parts.tracker, std::move(hit->place));
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace credbroker
