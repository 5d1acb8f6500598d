#include "service/base/secret.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "service/base/secure_heap.h"

namespace credbroker {

Secret::Secret(size_t size, Place place) : size_(size) {
  if (size == 0) return;
  if (place == Place::kSecureHeap) bytes_ = SecureHeapAllocate(size);
  if (bytes_ == nullptr) bytes_ = static_cast<uint8_t*>(OPENSSL_malloc(size));
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

Secret Secret::Copy(absl::string_view bytes, Place place) {
  Secret secret(bytes.size(), place);
  if (!bytes.empty()) std::memcpy(secret.bytes_, bytes.data(), bytes.size());
  return secret;
}

Secret Secret::Fill(size_t size, absl::FunctionRef<void(absl::Span<uint8_t>)> fill, Place place) {
  Secret secret(size, place);
  fill(absl::MakeSpan(secret.bytes_, size));
  return secret;
}

absl::string_view Secret::RevealSecret() const {
  return {reinterpret_cast<const char*>(bytes_), size_};
}

Secret::Place Secret::place() const {
  return CRYPTO_secure_allocated(bytes_) == 1 ? Place::kSecureHeap : Place::kHeap;
}

void Secret::Wipe() {
  // Knows by the address which heap it is.
  OPENSSL_secure_clear_free(bytes_, size_);
  bytes_ = nullptr;
  size_ = 0;
}

// Not inlined, so that its array lies where those functions' frames were.
[[gnu::noinline]] void WipeDeadStack() {
  std::array<uint8_t, size_t{32} * 1024> frames;
  OPENSSL_cleanse(frames.data(), frames.size());
}

bool EqualInConstantTime(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace credbroker
