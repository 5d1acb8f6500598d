#ifndef CREDBROKER_SERVICE_UPSTREAM_KEY_CACHE_H_
#define CREDBROKER_SERVICE_UPSTREAM_KEY_CACHE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "service/base/random.h"
#include "service/base/secret.h"
#include "service/model/account_key.h"
#include "service/scram/keys.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The SCRAM keys of each configured account's last login, so that the next one runs no PBKDF2.
//
// Keys are valid for exactly the account, mechanism, salt and iteration count that they were
// derived with, and for the same content of the credential. The content is not kept: it is
// recognised by an HMAC-SHA-256 under a key that lives as long as this object, so that the cache
// helps nobody to guess a password. One entry per configured account; callers' own accounts are not
// kept, since nothing bounds their number.
//
// Thread-safe: it is a worker that asks, and reads the credential in here, so that a password never
// crosses a thread. Nothing is derived under the lock.
class KeyCache {
 public:
  explicit KeyCache(Random& random);

  // The keys of `credential`, which is read now: cached, or had from it (Credential::KeysFrom). An
  // unreadable one is no matter as long as the cached keys fit the parameters: a file that is being
  // replaced must not end a working login. Else the credential's status.
  absl::StatusOr<std::shared_ptr<const ScramKeys>> KeysFor(const AccountKey& account,
                                                           const KeyParameters& parameters,
                                                           const Credential& credential);

  // What tells the content of `credential`, which is read now, from other content; empty if it
  // cannot be read now, but there are cached keys that may fit. Else the credential's status: there
  // is nothing to log in with.
  absl::StatusOr<std::string> Recognise(const AccountKey& account,
                                        const Credential& credential) const;

  // Upstream rejected the account's last credential: its keys are dropped, but it is remembered
  // which content it was.
  void DropRejected(const AccountKey& account);

  // The same for a login that was rejected before the keys were needed; `content` is what Recognise
  // gave for it, and was not empty.
  void RememberRejected(const AccountKey& account, std::string content);

  // Whether `secret` is other than what the account's last login used. False if there was none.
  bool Differs(const AccountKey& account, const Secret& secret) const;

  // How often keys were not in the cache but had from a credential.
  uint64_t derivations() const;

 private:
  struct Entry {
    // Of the content last used.
    std::string fingerprint;
    KeyParameters parameters;
    // Null if they were rejected.
    std::shared_ptr<const ScramKeys> keys;
  };

  std::string Fingerprint(const AccountKey& account, const Secret& secret) const;
  // What is cached for it; null if nothing is. `fingerprint` null: of whatever content.
  std::shared_ptr<const ScramKeys> Find(const AccountKey& account, const KeyParameters& parameters,
                                        const std::string* fingerprint) const;

  const Secret fingerprint_key_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<AccountKey, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  uint64_t derivations_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_KEY_CACHE_H_
