#include "service/sessions/session_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace credbroker {
namespace {

// Chains of three at 100,000 accounts; a quarter of a megabyte.
constexpr size_t kHeads = 32'768;

}  // namespace

bool BelongsToAny(const std::string& owner, const std::vector<std::string>& principals) {
  return owner.empty() ||
         std::find(principals.begin(), principals.end(), owner) != principals.end();
}

SessionCache::SessionCache() : heads_(kHeads) {}

SessionCache::~SessionCache() {
  for (Link& head : heads_) {
    for (Node* node = head.load(); node != nullptr;) {
      delete std::exchange(node, node->next.load());
    }
  }
}

size_t SessionCache::HashOf(const AccountKey& key) { return absl::Hash<AccountKey>()(key); }

SessionCache::Node* SessionCache::Find(const AccountKey& key, size_t hash) const {
  Node* node = HeadOf(hash).load(std::memory_order_seq_cst);
  while (node != nullptr && !(node->hash == hash && node->key == key)) {
    node = node->next.load(std::memory_order_seq_cst);
  }
  return node;
}

void SessionCache::Publish(const AccountKey& key, std::shared_ptr<Published> published) {
  const size_t hash = HashOf(key);
  Published* const newest = published.get();
  if (Node* const node = Find(key, hash); node != nullptr) {
    std::shared_ptr<Published> old = std::exchange(node->owned, std::move(published));
    node->published.store(newest, std::memory_order_seq_cst);
    grace_.Retire(std::move(old));
    return;
  }
  Link& head = HeadOf(hash);
  head.store(new Node{key, hash, std::move(published), newest, head.load()},
             std::memory_order_seq_cst);
}

void SessionCache::Remove(const AccountKey& key) {
  const size_t hash = HashOf(key);
  Link* link = &HeadOf(hash);
  for (Node* node = link->load(); node != nullptr; node = link->load()) {
    if (node->hash == hash && node->key == key) {
      link->store(node->next.load(), std::memory_order_seq_cst);
      grace_.Retire(std::shared_ptr<const Node>(node));
      return;
    }
    link = &node->next;
  }
}

}  // namespace credbroker
