// What an account puts on record.

#include <utility>

#include "service/model/failure.h"
#include "service/ops/token_fingerprint.h"
#include "service/sessions/account_machine.h"

namespace credbroker {

// `token`: the one that it is about, of the account's generation if it is the one that is served.
void AccountMachine::Record(AuditKind kind, const Initiator& by, absl::string_view outcome,
                            std::optional<Reason> reason, const Secret* token) const {
  if (world_.audit == nullptr || !world_.audit->on()) return;
  AuditEvent event;
  event.kind = kind;
  event.principal = by.principal;
  event.peer = by.peer;
  event.rpc = by.rpc;
  event.tenant = account_.key.tenant;
  event.account = DisplayName(account_.key);
  if (token != nullptr) {
    const bool is_served = served_.exists() && token == &served_.get()->access_token;
    if (is_served) event.generation = served_.generation();
    event.token_fingerprint = TokenFingerprint(*token);
  }
  event.outcome = std::string(outcome);
  if (reason.has_value()) event.reason = std::string(ReasonName(*reason));
  world_.audit->Append(std::move(event));
}

void AccountMachine::RecordFailure(bool login, std::optional<Reason> reason) const {
  Record(login ? AuditKind::kLogin : AuditKind::kRefresh, by_, "failed", reason);
  if (reason == Reason::kUpstreamUntrusted) {
    Record(AuditKind::kUntrustedUpstream, by_, "failed", reason);
  }
}

}  // namespace credbroker
