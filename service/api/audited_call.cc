#include "service/api/audited_call.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"

#include "service/model/failure.h"
#include "service/model/names.h"

namespace credbroker {
namespace {

// Names as they were sent may be anything, if the call was refused before they were looked at.
std::string KnownName(const std::string& name) { return IsName(name) ? name : ""; }

std::string KnownAccount(const CallNames& names) {
  if (!IsEmailAddress(names.account)) return KnownName(names.account);
  return DisplayName({names.tenant, absl::AsciiStrToLower(names.account)});
}

}  // namespace

void Deliver(const ApiParts& parts, std::shared_ptr<UnaryCall> call, SessionPtr session,
             Recipient recipient, absl::AnyInvocable<grpc::ByteBuffer()> make) {
  if (parts.trail.handouts.Repeats(*session, recipient.principal)) {
    call->Succeed(make());
    return;
  }
  const Session& handed_out = *session;
  parts.trail.handouts.Record(
      handed_out, recipient,
      [call = std::move(call), session = std::move(session),
       make = std::move(make)](const absl::Status& recorded) mutable {
        // Here is the audit log's thread, or the loop.
        UnaryCall& answered = *call;
        answered.Respond([call = std::move(call), session = std::move(session),
                          make = std::move(make), recorded]() mutable {
          if (recorded.ok()) {
            call->Succeed(make());
          } else {
            call->Fail(recorded);
          }
        });
      });
}

void NoteDenial(const ApiParts& parts, Rpc rpc, const CallNames& names,
                const absl::Status& status) {
  const std::optional<Reason> reason = ReasonOf(status);
  if (reason != Reason::kCallerUnidentified && reason != Reason::kCallerNotAllowed) return;
  AuditEvent event;
  event.kind = AuditKind::kDenied;
  event.principal = names.principal;
  event.peer = names.peer;
  event.rpc = std::string(RpcName(rpc));
  event.tenant = KnownName(names.tenant);
  event.account = KnownAccount(names);
  event.outcome = "refused";
  event.reason = std::string(ReasonName(*reason));
  parts.trail.denials.Note(std::move(event));
}

}  // namespace credbroker
