// Tells ThreadSanitizer about absl::Mutex and absl::Notification.
//
// Debian's abseil is built without instrumentation, so ThreadSanitizer sees no order between the
// threads that take turns with a Mutex and reports every one as a race. A test executable that
// links this file has these definitions stand before the library's; they call them, and say what
// they mean.
//
// Await and its kin are loops here: the library lets whoever unlocks evaluate the conditions of
// those who wait, after the point where this file must say that the lock is released.

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/base/config.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#define CREDBROKER_TEXT_OF(name) #name
#define CREDBROKER_TEXT(macro) CREDBROKER_TEXT_OF(macro)

namespace {

// The library's own function. `rest` is its mangled name after the namespace.
template <typename Function>
Function* Library(const char* rest) {
  const std::string inline_namespace = CREDBROKER_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string name =
      "4absl" + std::to_string(inline_namespace.size()) + inline_namespace + rest;
  for (const char* prefix : {"_ZN", "_ZNK"}) {
    if (void* found = dlsym(RTLD_NEXT, (prefix + name).c_str()); found != nullptr) {
      return reinterpret_cast<Function*>(found);
    }
  }
  std::fprintf(stderr, "absl_mutex_for_tsan: the library has no %s\n", name.c_str());
  std::abort();
}

constexpr useconds_t kPollUs = 50;

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex4LockEv");
  real(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex6UnlockEv");
  __tsan_release(this);
  real(this);
}

bool Mutex::TryLock() {
  static auto* const real = Library<bool(Mutex*)>("5Mutex7TryLockEv");
  const bool locked = real(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::ReaderLock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex10ReaderLockEv");
  real(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static auto* const real = Library<void(Mutex*)>("5Mutex12ReaderUnlockEv");
  __tsan_release(this);
  real(this);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, absl::Time deadline) {
  while (!condition.Eval()) {
    if (absl::Now() >= deadline) return false;
    Unlock();
    usleep(kPollUs);
    Lock();
  }
  return true;
}

bool Mutex::AwaitWithTimeout(const Condition& condition, absl::Duration timeout) {
  return AwaitWithDeadline(condition, absl::Now() + timeout);
}

void Mutex::Await(const Condition& condition) {
  AwaitWithDeadline(condition, absl::InfiniteFuture());
}

bool Mutex::LockWhenWithDeadline(const Condition& condition, absl::Time deadline) {
  Lock();
  return AwaitWithDeadline(condition, deadline);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, absl::Duration timeout) {
  return LockWhenWithDeadline(condition, absl::Now() + timeout);
}

void Mutex::LockWhen(const Condition& condition) {
  LockWhenWithDeadline(condition, absl::InfiniteFuture());
}

// The flag is set by the library's own code, which ThreadSanitizer does not see.
void Notification::Notify() {
  static auto* const real = Library<void(Notification*)>("12Notification6NotifyEv");
  __tsan_release(this);
  real(this);
}

void Notification::WaitForNotification() const {
  static auto* const real =
      Library<void(const Notification*)>("12Notification19WaitForNotificationEv");
  real(this);
  __tsan_acquire(const_cast<Notification*>(this));
}

bool Notification::WaitForNotificationWithTimeout(absl::Duration timeout) const {
  return WaitForNotificationWithDeadline(absl::Now() + timeout);
}

bool Notification::WaitForNotificationWithDeadline(absl::Time deadline) const {
  static auto* const real = Library<bool(const Notification*, absl::Time)>(
      "12Notification31WaitForNotificationWithDeadlineENS0_4TimeE");
  const bool notified = real(this, deadline);
  if (notified) __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

ABSL_NAMESPACE_END
}  // namespace absl
