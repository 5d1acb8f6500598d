#ifndef CREDBROKER_SERVICE_CALLERS_BOUNDED_CACHE_H_
#define CREDBROKER_SERVICE_CALLERS_BOUNDED_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace credbroker {

// SHA-256 of what a caller showed: the thing itself, which may be a secret, is not kept.
using EvidenceDigest = std::array<uint8_t, 32>;
EvidenceDigest DigestOf(absl::string_view evidence);

// What was found out about evidence lately. Forgets what has not been asked for while `capacity` /
// 2 others were; never holds more than `capacity`. Thread-safe.
template <typename Value>
class BoundedCache {
 public:
  explicit BoundedCache(size_t capacity) : half_(capacity / 2) {}

  // Null if it is not known, or no more.
  std::shared_ptr<const Value> Find(const EvidenceDigest& digest) {
    {
      absl::ReaderMutexLock lock(&mutex_);
      if (const auto found = recent_.find(digest); found != recent_.end()) return found->second;
      if (!older_.contains(digest)) return nullptr;
    }
    absl::MutexLock lock(&mutex_);
    const auto found = older_.find(digest);
    if (found == older_.end()) return nullptr;
    std::shared_ptr<const Value> value = found->second;
    Put(digest, value);
    return value;
  }

  void Add(const EvidenceDigest& digest, std::shared_ptr<const Value> value) {
    absl::MutexLock lock(&mutex_);
    Put(digest, std::move(value));
  }

  size_t size() const {
    absl::ReaderMutexLock lock(&mutex_);
    return recent_.size() + older_.size();
  }

 private:
  using Map = absl::flat_hash_map<EvidenceDigest, std::shared_ptr<const Value>>;

  void Put(const EvidenceDigest& digest, std::shared_ptr<const Value> value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (recent_.size() >= half_ && !recent_.contains(digest)) {
      older_ = std::move(recent_);
      recent_ = Map();
    }
    recent_[digest] = std::move(value);
  }

  const size_t half_;
  mutable absl::Mutex mutex_;
  Map recent_ ABSL_GUARDED_BY(mutex_);
  Map older_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_BOUNDED_CACHE_H_
