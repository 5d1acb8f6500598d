#ifndef CREDBROKER_SERVICE_OPS_HANDOUT_LEDGER_H_
#define CREDBROKER_SERVICE_OPS_HANDOUT_LEDGER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/model/account_key.h"
#include "service/model/session.h"
#include "service/ops/audit_event.h"

namespace credbroker {

// To whom a token goes, and how.
struct Recipient {
  std::string principal;
  std::string peer;
  std::string rpc;
  AccountKey key;
};

// Who has been handed which token: the first time that a principal is to get a token is put on
// record before it is sent; repeats are counted, and summed up from time to time. So nobody ever
// holds a token that the audit log does not know, and a hit costs no line.
//
// What is known of a session lives and ends with the session; the counts outlive it until they are
// summed up, and a sink that fails. Thread-safe.
class HandoutLedger {
 public:
  // `audit` outlives the ledger, and the ledger whoever waits for Record or SumUp.
  explicit HandoutLedger(AuditSink& audit) : audit_(audit) {}

  // Whether the token may be sent to `principal` at once, as it is on record that it has it; counts
  // that. Else ask Record. No lock but once for each sum, and one comparison for each sixteenth of
  // the principals that have the token.
  bool Repeats(const Session& session, absl::string_view principal);

  // Calls `done` when it is on record that the recipient gets the token, or with AUDIT_UNAVAILABLE:
  // then it must not be sent. Those who come for the same principal meanwhile share one line.
  void Record(const Session& session, const Recipient& recipient, AuditSink::Done done);

  // Writes a `token_reissued` for each count, which says neither peer nor rpc. To be called once a
  // minute, and at the end. `done`, if any, is called when all is written, or the sink has failed:
  // then the counts are kept.
  using Summed = absl::AnyInvocable<void()>;
  void SumUp(Summed done = nullptr);

 private:
  struct Entry;
  class Handouts;
  class Sums;

  void Count(const std::shared_ptr<Entry>& entry, uint64_t repeats);
  void OnWritten(const std::shared_ptr<Entry>& entry, const absl::Status& status);

  AuditSink& audit_;
  absl::Mutex mutex_;
  // Those with a count.
  std::vector<std::shared_ptr<Entry>> counted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_HANDOUT_LEDGER_H_
