#ifndef CREDBROKER_SERVICE_API_ADMISSION_H_
#define CREDBROKER_SERVICE_API_ADMISSION_H_

#include <grpcpp/server_context.h>

#include <memory>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/api/call_tracker.h"
#include "service/api/caller_quotas.h"
#include "service/api/status_mapping.h"
#include "service/base/clock.h"
#include "service/base/loop.h"
#include "service/base/random.h"
#include "service/base/snapshot.h"
#include "service/base/worker_pool.h"
#include "service/callers/authenticator.h"
#include "service/callers/authorizer.h"
#include "service/ops/audit_trail.h"
#include "service/ops/metrics.h"
#include "service/sessions/session_manager.h"

namespace credbroker {

// What every call needs; outlives them all.
struct ApiParts {
  SessionManager& sessions;
  Metrics& metrics;
  const Snapshot<AccessRules>& access;
  // The sessions'.
  Loop& loop;
  Random& random;
  const Authenticator& authenticator;
  CallTracker& tracker;
  AuditTrail& trail;
  CallerQuotas& quotas;
  // Sends answers: that costs tens of microseconds each, which the sessions' loop does not have.
  WorkerPool& responder;
  // The same for watches, whose many messages are to leave the cores to all others.
  WorkerPool& pusher;
  // No watch lasts longer.
  absl::Duration longest_watch;
};

// What a call shows of its caller, and the memory that it is in. Lasts as long as the context.
class ShownEvidence {
 public:
  explicit ShownEvidence(const grpc::CallbackServerContext& context);
  CallEvidence view() const;

 private:
  const std::string peer_;
  const std::shared_ptr<const grpc::AuthContext> connection_;
  absl::string_view certificate_;
  absl::InlinedVector<absl::string_view, 1> authorization_;
};

// A call that may go on.
struct Admission {
  // The principal by which it may is the first.
  Caller caller;
  Target target;
  CallOptions options;
  // To whom a token would go.
  Recipient recipient;
  // Among the caller's calls; kept until the end of the call.
  CallerQuotas::Place place;
};

// When the caller gives up, if it has said so: else never.
Instant DeadlineOf(const grpc::CallbackServerContext& context, const Loop& loop);

// Whether a call may go on: who calls, whether it has too many calls in flight, whether the fields
// are well formed (`fields`), whether the caller may. Unary calls without a deadline get 30 s
// (faults.md row 38). Notes the caller in `names`.
absl::StatusOr<Admission> Admit(const ApiParts& parts, const grpc::CallbackServerContext& context,
                                const AccessRequest& request, const absl::Status& fields,
                                CallNames& names);

// How a call counts that gRPC says is cancelled, be it that the caller has gone or that its
// deadline has passed. The caller's clock started a little before ours, and it rounds what it tells
// us up, so whoever gives up in the last tenth of its time did so because of the deadline.
absl::StatusCode CancellationCode(Instant start, Instant deadline, Instant now);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_ADMISSION_H_
