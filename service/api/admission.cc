#include "service/api/admission.h"

#include <chrono>
#include <string>
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
  admission.options.deadline = DeadlineOf(context, parts.loop);
  if (admission.options.deadline == Instant::InfiniteFuture() && request.rpc != Rpc::kWatchToken) {
    admission.options.deadline = parts.loop.Now() + kDefaultDeadline;
  }
  admission.options.principals = std::move(caller.principals);
  admission.options.is_operator = access.is_operator;
  return admission;
}

absl::StatusCode CancellationCode(Instant start, Instant deadline, Instant now) {
  if (deadline == Instant::InfiniteFuture()) return absl::StatusCode::kCancelled;
  return deadline - now <= (deadline - start) / 10 ? absl::StatusCode::kDeadlineExceeded
                                                   : absl::StatusCode::kCancelled;
}

}  // namespace credbroker
