#include "service/upstream/key_cache.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

#include "service/base/status_macros.h"

namespace credbroker {
namespace {

constexpr size_t kFingerprintKeyBytes = 32;

Secret RandomKey(Random& random) {
  std::string bytes = random.Bytes(kFingerprintKeyBytes);
  Secret key = Secret::Copy(bytes, Secret::Place::kSecureHeap);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

}  // namespace

KeyCache::KeyCache(Random& random) : fingerprint_key_(RandomKey(random)) {}

absl::StatusOr<std::shared_ptr<const ScramKeys>> KeyCache::KeysFor(const AccountKey& account,
                                                                   const KeyParameters& parameters,
                                                                   const Credential& credential) {
  const absl::Cleanup wipe = WipeDeadStack;
  const absl::StatusOr<Secret> secret = credential.Read();
  if (!secret.ok()) {
    std::shared_ptr<const ScramKeys> last_good = Find(account, parameters, nullptr);
    if (last_good != nullptr) return last_good;
    return secret.status();
  }
  std::string fingerprint = Fingerprint(account, *secret);
  if (std::shared_ptr<const ScramKeys> cached = Find(account, parameters, &fingerprint);
      cached != nullptr) {
    return cached;
  }
  CREDBROKER_ASSIGN_OR_RETURN(ScramKeys had, credential.KeysFrom(*secret, parameters));
  auto keys = std::make_shared<const ScramKeys>(std::move(had));
  absl::MutexLock lock(&mutex_);
  ++derivations_;
  if (!account.is_caller_account()) {
    entries_[account] = Entry{std::move(fingerprint), parameters, keys};
  }
  return keys;
}

absl::StatusOr<std::string> KeyCache::Recognise(const AccountKey& account,
                                                const Credential& credential) const {
  const absl::Cleanup wipe = WipeDeadStack;
  const absl::StatusOr<Secret> secret = credential.Read();
  if (secret.ok()) return Fingerprint(account, *secret);
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(account);
  if (found != entries_.end() && found->second.keys != nullptr) return std::string();
  return secret.status();
}

void KeyCache::DropRejected(const AccountKey& account) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = entries_.find(account); found != entries_.end()) {
    found->second.keys = nullptr;
  }
}

void KeyCache::RememberRejected(const AccountKey& account, std::string content) {
  if (account.is_caller_account()) return;
  absl::MutexLock lock(&mutex_);
  entries_[account] = Entry{std::move(content), KeyParameters{}, nullptr};
}

bool KeyCache::Differs(const AccountKey& account, const Secret& secret) const {
  const std::string fingerprint = Fingerprint(account, secret);
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(account);
  return found != entries_.end() && found->second.fingerprint != fingerprint;
}

uint64_t KeyCache::derivations() const {
  absl::MutexLock lock(&mutex_);
  return derivations_;
}

std::string KeyCache::Fingerprint(const AccountKey& account, const Secret& secret) const {
  // The account too, so that two accounts with one password do not look alike. Names hold no NUL.
  const std::string name = absl::StrCat(account.tenant, absl::string_view("\0", 1), account.account,
                                        absl::string_view("\0", 1));
  const auto fill = [&](absl::Span<uint8_t> to) {
    std::memcpy(to.data(), name.data(), name.size());
    if (!secret.empty()) {
      std::memcpy(to.data() + name.size(), secret.RevealSecret().data(), secret.size());
    }
  };
  const Secret input = Secret::Fill(name.size() + secret.size(), fill, Secret::Place::kSecureHeap);
  const absl::string_view key = fingerprint_key_.RevealSecret();
  const absl::string_view text = input.RevealSecret();
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(),
           &size) == nullptr) {
    std::abort();  // The cryptographic library is unusable.
  }
  return std::string(reinterpret_cast<const char*>(mac.data()), size);
}

std::shared_ptr<const ScramKeys> KeyCache::Find(const AccountKey& account,
                                                const KeyParameters& parameters,
                                                const std::string* fingerprint) const {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(account);
  if (found == entries_.end() || !(found->second.parameters == parameters)) return nullptr;
  if (fingerprint != nullptr && found->second.fingerprint != *fingerprint) return nullptr;
  return found->second.keys;
}

}  // namespace credbroker
