#ifndef CREDBROKER_SERVICE_SESSIONS_OUTSTANDING_REVOCATIONS_H_
#define CREDBROKER_SERVICE_SESSIONS_OUTSTANDING_REVOCATIONS_H_

#include <cstdint>
#include <memory>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"

#include "service/base/log.h"
#include "service/base/loop.h"
#include "service/model/account_key.h"
#include "service/ops/metrics.h"

namespace credbroker {

class Revocation;

// The sessions of all accounts, those that have left the configuration included, that upstream is
// yet to be told to forget: they are in memory only, so that the end of the process must hasten
// them and say which are lost. Lives on the loop.
class OutstandingRevocations {
 public:
  // Names one that is outstanding. Zero is none.
  using Id = uint64_t;

  // What is referred to outlives this object.
  OutstandingRevocations(Loop& loop, Metrics& metrics) : loop_(loop), metrics_(metrics) {}

  // `revocation` is null as long as only the exchange is running that may leave a session.
  Id Add(const AccountKey& key, std::shared_ptr<Revocation> revocation);
  // It has ended. Harmless if it has before.
  void Remove(Id id);

  // The process is about to end: see Revocation::Hasten. Holds for those to come too.
  void Hasten();
  bool hastened() const { return hastened_; }

  // Calls `done` once none is left; at `deadline` the rest is lost. To be called once, and nothing
  // is to run on the loop afterwards.
  void End(Instant deadline, absl::AnyInvocable<void()> done);

  // Counts and logs a session that stays alive upstream.
  void NoteLost(const AccountKey& key, LogLevel level, absl::string_view why);

 private:
  struct Entry {
    AccountKey key;
    std::shared_ptr<Revocation> revocation;
  };
  void GiveUp();

  Loop& loop_;
  Metrics& metrics_;
  Id last_ = 0;
  absl::btree_map<Id, Entry> entries_;
  bool hastened_ = false;
  TimerId timer_ = 0;
  absl::AnyInvocable<void()> done_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_OUTSTANDING_REVOCATIONS_H_
