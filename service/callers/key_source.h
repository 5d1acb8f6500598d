#ifndef CREDBROKER_SERVICE_CALLERS_KEY_SOURCE_H_
#define CREDBROKER_SERVICE_CALLERS_KEY_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "service/base/worker_pool.h"
#include "service/callers/json_web_key_set.h"

namespace credbroker {

// The issuer's keys as they are known now, and when to ask for them again: ahead of need, and when
// a token names a key that is not among them, but then no more often than every 10 s and not twice
// for the same name, so that made-up names cause no storm. A set that cannot be had or read leaves
// the last good one in force.
//
// Never blocks. Thread-safe. Is owned by a shared_ptr: a fetch may end after it.
class KeySource : public std::enable_shared_from_this<KeySource> {
 public:
  // Gets the text of the key set and passes it, or why it cannot be had, to `done`, once, on any
  // thread, also inside the call. Does not block.
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::string>)>;
  using Fetch = absl::AnyInvocable<void(Done)>;
  // Told the outcome of each fetch that brought another set or failed.
  using Report = absl::AnyInvocable<void(const absl::Status&)>;

  // Asks again when the set is `refresh` old.
  KeySource(Fetch fetch, absl::Duration refresh, Report report = nullptr);

  // To be called every now and then, e.g. each second: fetches if it is time. `now` may jump.
  void Tick(absl::Time now);
  // Fetches, unless that is under way already.
  void Refresh(absl::Time now);

  // Puts this key set in force, as if it had been fetched. INVALID_ARGUMENT if it is none; then
  // the last good one stays.
  absl::Status Offer(std::string text) { return Take(std::move(text)).status(); }

  // Null until the first set has come.
  std::shared_ptr<const JsonWebKeySet> keys() const;
  // A token has named a key that `keys` does not have.
  void Miss(absl::string_view kid, absl::Time now);

 private:
  void StartFetch();
  void Finish(absl::StatusOr<std::string> text);
  // Whether it changed anything.
  absl::StatusOr<bool> Take(absl::StatusOr<std::string> text);

  const absl::Duration refresh_;
  // Used by one fetch at a time, which `fetching_` sees to.
  Fetch fetch_;
  Report report_;

  mutable absl::Mutex mutex_;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  // When the last fetch began, and how many have failed since one succeeded.
  absl::Time began_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const JsonWebKeySet> keys_ ABSL_GUARDED_BY(mutex_);
  // Names that were looked for in vain in the set as it is.
  absl::flat_hash_set<std::string> unknown_ ABSL_GUARDED_BY(mutex_);
};

// Reads the file on `workers`, which outlives what is made.
KeySource::Fetch FetchFromFile(std::string file, WorkerPool& workers);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_KEY_SOURCE_H_
