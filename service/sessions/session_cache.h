#ifndef CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_
#define CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "service/base/clock.h"
#include "service/model/account_key.h"
#include "service/model/session.h"

namespace credbroker {

// What readers see of an account: the newest session, and marks that they leave for the loop.
struct Published {
  std::shared_ptr<const Session> session;
  // The principal that a caller's own account belongs to; empty for configured accounts.
  std::string owner;
  // When a reader was last handed the token: nanoseconds of the steady clock.
  static constexpr int64_t kNever = -1;
  std::atomic<int64_t> last_used{kNever};
  // A reader found the refresh overdue and told the loop.
  std::atomic<bool> kicked{false};
};

// Whether what belongs to `owner` may be used by a caller with these principals: any of them will
// do, and what has no owner is everybody's.
bool BelongsToAny(const std::string& owner, const std::vector<std::string>& principals);

// The published sessions, for readers on any thread. The loop alone writes, and holds a lock only
// to swap a pointer in one of many shards. Thread-safe.
class SessionCache {
 public:
  // Null if there is none.
  std::shared_ptr<Published> Find(const AccountKey& key) const;

  void Publish(const AccountKey& key, std::shared_ptr<Published> published);
  void Remove(const AccountKey& key);

 private:
  struct Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<AccountKey, std::shared_ptr<Published>> published ABSL_GUARDED_BY(mutex);
  };
  static size_t ShardOf(const AccountKey& key);

  std::array<Shard, 64> shards_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_
