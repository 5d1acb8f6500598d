#ifndef CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_
#define CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/model/account_key.h"
#include "service/model/session.h"
#include "service/model/tenant.h"
#include "service/sessions/grace_period.h"

namespace credbroker {

// What readers see of an account: the newest session, and marks that they leave for the loop.
struct Published {
  std::shared_ptr<const Session> session;
  // As it was when the session was published: whose session it is, see IsSameUser.
  std::shared_ptr<const Tenant> tenant;
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

// The published sessions, for readers on any thread, who neither wait nor allocate. The loop alone
// writes.
//
// A hash table with chains whose links are atomic: a grace period keeps what was unlinked as long
// as a reader may stand on it.
class SessionCache {
 public:
  SessionCache();
  ~SessionCache();
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  // Calls `use` with the Published of the account, if there is one. `use` must be short and must
  // not keep the reference. Thread-safe, as nothing else here is.
  template <typename Use>
  void Read(const AccountKey& key, Use use) const {
    const GracePeriod::Reader reader(grace_);
    const Node* node = Find(key, HashOf(key));
    Published* published =
        node == nullptr ? nullptr : node->published.load(std::memory_order_seq_cst);
    if (published != nullptr) use(*published);
  }

  void Publish(const AccountKey& key, std::shared_ptr<Published> published);
  void Remove(const AccountKey& key);

  // Frees what readers were looking at when it was replaced. To be called now and then: until then
  // old tokens may stay in memory.
  void Reclaim() { grace_.Reclaim(); }

 private:
  struct Node {
    AccountKey key;
    size_t hash;
    // The writer's.
    std::shared_ptr<Published> owned;
    std::atomic<Published*> published;
    std::atomic<Node*> next;
  };
  using Link = std::atomic<Node*>;

  static size_t HashOf(const AccountKey& key);
  Link& HeadOf(size_t hash) const { return heads_[hash % heads_.size()]; }
  Node* Find(const AccountKey& key, size_t hash) const;

  mutable std::vector<Link> heads_;
  GracePeriod grace_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_SESSION_CACHE_H_
