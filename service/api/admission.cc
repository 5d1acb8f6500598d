#include "service/api/admission.h"

#include <chrono>
#include <string>
#include <utility>

#include "service/base/status_macros.h"

namespace credbroker {
namespace {

constexpr absl::Duration kDefaultDeadline = absl::Seconds(30);

// gRPC tells deadlines in wall time; the sessions count on the steady clock.
Instant DeadlineOf(const grpc::CallbackServerContext& context, const Clock& clock, Rpc rpc) {
  const absl::Time deadline = absl::FromChrono(context.deadline());
  const absl::Duration left = deadline - clock.Wall();
  // No deadline is the clock's last moment, centuries away.
  if (left < absl::Hours(24 * 365)) return clock.Steady() + left;
  return rpc == Rpc::kWatchToken ? Instant::InfiniteFuture() : clock.Steady() + kDefaultDeadline;
}

}  // namespace

absl::StatusOr<Admission> Admit(const ApiParts& parts, const grpc::CallbackServerContext& context,
                                const AccessRequest& request, const absl::Status& fields,
                                CallNames& names) {
  const std::string peer = context.peer();
  CREDBROKER_ASSIGN_OR_RETURN(Caller caller, parts.authenticator.Identify(CallEvidence{peer}));
  if (!caller.principals.empty()) names.principal = caller.principals.front();
  CREDBROKER_RETURN_IF_ERROR(fields);
  CREDBROKER_ASSIGN_OR_RETURN(Access access, Decide(caller, request, parts.tenants, parts.access));
  Admission admission;
  admission.target = {std::move(access.tenant), std::move(access.key), std::move(access.email)};
  admission.options.deadline = DeadlineOf(context, parts.clock, request.rpc);
  admission.options.principals = std::move(caller.principals);
  admission.options.is_operator = access.is_operator;
  return admission;
}

}  // namespace credbroker
