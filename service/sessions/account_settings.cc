// What happens to an account when the configuration changes.

#include <utility>

#include "service/model/failure.h"
#include "service/sessions/account_machine.h"

namespace credbroker {

void AccountMachine::Reconfigure(UpstreamAccount account,
                                 std::shared_ptr<const Credential> credential) {
  account_ = std::move(account);
  if (credential == nullptr) return;
  credential_ = std::move(credential);
  // A hold ends if the content is other than what was rejected; a moved file is no reason for one
  // more attempt with the same password.
  if (!hold_.IsActive(Now())) return;
  world_.held.insert(account_.key);
  CheckHeldCredential();
}

void AccountMachine::RetryCredential() {
  const auto* backing_off = std::get_if<BackingOff>(&activity_);
  if (backing_off != nullptr && ReasonOf(backing_off->failure) == Reason::kLoginRequired) OnDue();
}

void AccountMachine::Retire(const WatchEnd& end) {
  LogOut(Initiator());
  watchers_.EndAll(end);
  EndCalls("the configuration changed while the call waited: ask again");
}

}  // namespace credbroker
