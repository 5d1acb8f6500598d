#include "service/base/secret.h"

#include <openssl/crypto.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace credbroker {

Secret::Secret(size_t size) : size_(size) {
  if (size == 0) return;
  bytes_ = static_cast<uint8_t*>(OPENSSL_malloc(size));
  if (bytes_ == nullptr) std::abort();  // Out of memory: as operator new would end here.
}

Secret::~Secret() { Wipe(); }

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret Secret::Copy(absl::string_view bytes) {
  Secret secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.bytes_, bytes.data(), bytes.size());
  return secret;
}

Secret Secret::Fill(size_t size, absl::FunctionRef<void(absl::Span<uint8_t>)> fill) {
  Secret secret(size);
  fill(absl::MakeSpan(secret.bytes_, size));
  return secret;
}

absl::string_view Secret::RevealSecret() const {
  return {reinterpret_cast<const char*>(bytes_), size_};
}

void Secret::Wipe() {
  OPENSSL_clear_free(bytes_, size_);
  bytes_ = nullptr;
  size_ = 0;
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace credbroker
