#include "service/sessions/session_cache.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/hash/hash.h"

namespace credbroker {

bool BelongsToAny(const std::string& owner, const std::vector<std::string>& principals) {
  return owner.empty() ||
         std::find(principals.begin(), principals.end(), owner) != principals.end();
}

size_t SessionCache::ShardOf(const AccountKey& key) {
  return absl::Hash<AccountKey>()(key) % std::tuple_size_v<decltype(shards_)>;
}

std::shared_ptr<Published> SessionCache::Find(const AccountKey& key) const {
  const Shard& shard = shards_[ShardOf(key)];
  absl::ReaderMutexLock lock(&shard.mutex);
  const auto found = shard.published.find(key);
  return found == shard.published.end() ? nullptr : found->second;
}

void SessionCache::Publish(const AccountKey& key, std::shared_ptr<Published> published) {
  Shard& shard = shards_[ShardOf(key)];
  absl::MutexLock lock(&shard.mutex);
  // Swapped, so that the old one is destroyed, and its secrets wiped, after the lock is gone.
  shard.published[key].swap(published);
}

void SessionCache::Remove(const AccountKey& key) {
  Shard& shard = shards_[ShardOf(key)];
  std::shared_ptr<Published> old;
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.published.find(key);
  if (found == shard.published.end()) return;
  old = std::move(found->second);
  shard.published.erase(found);
}

}  // namespace credbroker
