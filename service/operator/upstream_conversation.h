#ifndef CREDBROKER_SERVICE_OPERATOR_UPSTREAM_CONVERSATION_H_
#define CREDBROKER_SERVICE_OPERATOR_UPSTREAM_CONVERSATION_H_

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/model/mechanism.h"
#include "service/model/tenant.h"
#include "service/operator/configured_account.h"
#include "service/scram/keys.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// Speaks to one account's upstream, one call after the other, with the code that the broker itself
// uses. Each call blocks, and ends by itself after a few of the tenant's request_timeouts. Not
// thread-safe. After PrepareOperatorProcess.
class UpstreamConversation {
 public:
  explicit UpstreamConversation(ConfiguredAccount account);
  ~UpstreamConversation();

  // What upstream answers to the first SCRAM message, which needs no password and counts as no
  // login attempt.
  struct FirstAnswer {
    KeyParameters parameters;
    // How far upstream's clock is ahead of this machine's; nothing if it does not say.
    std::optional<absl::Duration> clock_ahead;
  };
  // As for Upstream, or LOGIN_REQUIRED if SASLprep refuses the e-mail address.
  absl::StatusOr<FirstAnswer> AskFirst();

  // One login attempt with the configured credential and `mechanism`; the session that it makes is
  // logged out. OK: upstream accepts it. `logged_out` says how its end went, if it began.
  absl::Status TryLogin(Mechanism mechanism, std::optional<absl::Status>& logged_out);

 private:
  class DateNotingClient;
  struct Connection;

  const ConfiguredAccount account_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPERATOR_UPSTREAM_CONVERSATION_H_
