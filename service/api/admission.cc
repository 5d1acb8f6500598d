#include "service/api/admission.h"

#include <grpc/grpc_security_constants.h>

#include <chrono>
#include <memory>
#include <utility>

#include "service/base/status_macros.h"

namespace credbroker {
namespace {

constexpr absl::Duration kDefaultDeadline = absl::Seconds(30);

}  // namespace

// gRPC tells deadlines in wall time; the sessions count on the steady clock.
Instant DeadlineOf(const grpc::CallbackServerContext& context, const Loop& loop) {
  const absl::Duration left = absl::FromChrono(context.deadline()) - loop.WallNow();
  // No deadline is the clock's last moment, centuries away.
  return left < absl::Hours(24 * 365) ? loop.Now() + left : Instant::InfiniteFuture();
}

ShownEvidence::ShownEvidence(const grpc::CallbackServerContext& context)
    : peer_(context.peer()), connection_(context.auth_context()) {
  const auto certificates = connection_->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (!certificates.empty()) certificate_ = {certificates[0].data(), certificates[0].size()};
  const auto [first, last] = context.client_metadata().equal_range("authorization");
  for (auto sent = first; sent != last; ++sent) {
    authorization_.emplace_back(sent->second.data(), sent->second.size());
  }
}

CallEvidence ShownEvidence::view() const { return {peer_, certificate_, authorization_}; }

absl::StatusOr<Admission> Admit(const ApiParts& parts, const grpc::CallbackServerContext& context,
                                const AccessRequest& request, const absl::Status& fields,
                                CallNames& names) {
  names.peer = context.peer();
  const ShownEvidence evidence(context);
  CREDBROKER_ASSIGN_OR_RETURN(Caller caller,
                              parts.authenticator.Identify(evidence.view(), parts.loop.WallNow()));
  if (!caller.principals.empty()) names.principal = caller.principals.front();
  Admission admission;
  CREDBROKER_ASSIGN_OR_RETURN(admission.place, parts.quotas.Enter(names.principal));
  CREDBROKER_RETURN_IF_ERROR(fields);
  const std::shared_ptr<const AccessRules> rules = parts.access.Get();
  CREDBROKER_ASSIGN_OR_RETURN(Access access,
                              Decide(caller, request, *rules->tenants, rules->policy));
  admission.target = {std::move(access.tenant), std::move(access.key), std::move(access.email)};
  admission.options.deadline = DeadlineOf(context, parts.loop);
  if (admission.options.deadline == Instant::InfiniteFuture() && request.rpc != Rpc::kWatchToken) {
    admission.options.deadline = parts.loop.Now() + kDefaultDeadline;
  }
  // The sessions take the first for the owner of what is logged in; it goes on record too.
  std::swap(caller.principals.front(), caller.principals[access.principal]);
  names.principal = caller.principals.front();
  admission.recipient = {names.principal, names.peer, std::string(RpcName(request.rpc)),
                         admission.target.key};
  admission.options.principals = caller.principals;
  admission.caller = std::move(caller);
  admission.options.is_operator = access.is_operator;
  admission.options.peer = names.peer;
  admission.options.rpc = std::string(RpcName(request.rpc));
  return admission;
}

absl::StatusCode CancellationCode(Instant start, Instant deadline, Instant now) {
  if (deadline == Instant::InfiniteFuture()) return absl::StatusCode::kCancelled;
  return deadline - now <= (deadline - start) / 10 ? absl::StatusCode::kDeadlineExceeded
                                                   : absl::StatusCode::kCancelled;
}

}  // namespace credbroker
