#ifndef CREDBROKER_SERVICE_MODEL_SESSION_H_
#define CREDBROKER_SERVICE_MODEL_SESSION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/base/secret.h"

namespace credbroker {

// What a login gave and every refresh of it keeps.
struct Grant {
  // Never leaves the broker.
  Secret refresh_token;
  std::optional<std::string> redirect_project_id;
  absl::Time login_time;
};

// A session's form for the outside, e.g. its serialised token. What it is, its maker knows.
class SessionForm {
 public:
  virtual ~SessionForm() = default;
};

// Keeps a form with the session that it was made from, so that it is made once and not for each
// reader. Thread-safe, without locks.
class FormSlot {
 public:
  FormSlot() = default;
  ~FormSlot() { delete kept_.load(std::memory_order_acquire); }
  FormSlot(const FormSlot&) = delete;
  FormSlot& operator=(const FormSlot&) = delete;

  // Null until one is kept.
  const SessionForm* get() const { return kept_.load(std::memory_order_acquire); }

  // Keeps `made`, unless another thread was faster; returns what is kept.
  const SessionForm& Keep(std::unique_ptr<const SessionForm> made) const {
    const SessionForm* kept = nullptr;
    if (!kept_.compare_exchange_strong(kept, made.get(), std::memory_order_acq_rel)) return *kept;
    return *made.release();
  }

 private:
  mutable std::atomic<const SessionForm*> kept_ = nullptr;
};

// One access token and what belongs to it. Replaced by the next, never changed, so that readers
// need no lock.
struct Session {
  std::shared_ptr<const Grant> grant;
  Secret access_token;
  // The upstream header that takes the access token.
  std::string header_name;
  // See credbroker.v1.Token.
  uint64_t generation = 0;
  std::string device_id;
  std::optional<Secret> sendbird_session_token;

  // For people: wall time.
  absl::Time issue_time;
  absl::Time expire_time;
  // For the broker: when the token ends, counted from the moment its request was sent; when it
  // stops counting as live, a little before that; and when it is due to be refreshed.
  absl::Duration lifetime;
  Instant expires;
  Instant live_until;
  Instant refresh_due;

  // The API's.
  FormSlot form;
  // The audit's: who has been handed the token.
  FormSlot handouts;

  bool IsLiveAt(Instant now) const { return now < live_until; }
};

using SessionPtr = std::shared_ptr<const Session>;

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_SESSION_H_
