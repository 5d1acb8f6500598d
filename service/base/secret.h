#ifndef CREDBROKER_SERVICE_BASE_SECRET_H_
#define CREDBROKER_SERVICE_BASE_SECRET_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace credbroker {

// Bytes that must not leak: a password, a key, a token.
//
// Move-only, so that every copy is a visible `Clone`. The bytes are wiped when the object ends or
// is assigned to. It cannot be printed, streamed, formatted or compared with `==`; reading it has a
// loud name, which review (and tests/lint) can look for.
//
// What opens an account for good is on the secure heap (secure_heap.h): passwords, what SCRAM
// derives from them, the broker's own keys. That is some hundred bytes an account, and the heap is
// small. Tokens are on the ordinary heap: a hundred thousand sessions have far more of them than a
// process may lock in memory, they lapse, and every caller has copies.
//
// Thread-compatible: concurrent reads are safe.
class Secret {
 public:
  // Where the bytes are. With no room on the secure heap they are on the ordinary one.
  enum class Place { kHeap, kSecureHeap };

  // An empty secret.
  Secret() = default;
  ~Secret();

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // A copy of `bytes`. The caller still has to wipe its own.
  static Secret Copy(absl::string_view bytes, Place place = Place::kHeap);

  // `size` bytes, written in place by `fill`, so that they never live anywhere else.
  static Secret Fill(size_t size, absl::FunctionRef<void(absl::Span<uint8_t>)> fill,
                     Place place = Place::kHeap);

  // In the same place.
  Secret Clone() const { return Copy(RevealSecret(), place()); }

  Place place() const;

  // The bytes. Valid as long as this object is neither moved from, assigned to nor destroyed.
  absl::string_view RevealSecret() const;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  Secret(size_t size, Place place);
  void Wipe();

  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

// Overwrites what functions that this one's caller has called left on the stack, 32 KiB deep:
// libraries work on secrets in local variables, and do not wipe them.
void WipeDeadStack();

// Whether both hold the same bytes, in a time that depends on their lengths only.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

bool operator==(const Secret&, const Secret&) = delete;
std::ostream& operator<<(std::ostream&, const Secret&) = delete;

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_BASE_SECRET_H_
