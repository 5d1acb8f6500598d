#ifndef CREDBROKER_SERVICE_SESSIONS_SERVED_SESSION_H_
#define CREDBROKER_SERVICE_SESSIONS_SERVED_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/model/account_key.h"
#include "service/model/session.h"
#include "service/sessions/policy.h"
#include "service/sessions/revocation.h"
#include "service/sessions/session_cache.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// The session that one account serves, or none: shown to readers on other threads through the
// cache. Knows its owner, when somebody was last handed its token, and the account's generations,
// which go on from one session to the next. Lives on the loop.
class ServedSession {
 public:
  // `cache` outlives this object. `generation`: of the account's last token, if it is remembered.
  ServedSession(SessionCache& cache, AccountKey key, uint64_t generation);

  // Null if there is none.
  const SessionPtr& get() const { return session_; }
  bool exists() const { return session_ != nullptr; }
  bool IsLive(Instant now) const { return session_ != nullptr && session_->IsLiveAt(now); }
  // Of the newest token, served or not; 0 before the first.
  uint64_t generation() const { return generation_; }
  // The lifetime last granted, served or not; infinite before the first.
  absl::Duration lifetime() const { return lifetime_; }

  // Serves `token` from now on, under the next generation. `grant` is that of its login.
  struct Terms {
    std::shared_ptr<const Tenant> tenant;
    std::string header_name;
    // The principal that alone may use it; empty: all that the tenant's rules let in.
    std::string owner;
    // When it is due to be refreshed, counted from when its request was sent.
    absl::Duration refresh_delay;
  };
  void Serve(IssuedToken token, std::shared_ptr<const Grant> grant, Terms terms);

  // Nobody is served the session any more.
  void Drop();

  // Upstream no longer knows the refresh token: it must not be sent again.
  void MarkRefreshTokenDead() { refresh_token_dead_ = true; }
  bool CanRefresh() const { return session_ != nullptr && !refresh_token_dead_; }

  const std::string& owner() const { return owner_; }
  bool MayBeUsedBy(const std::vector<std::string>& principals) const {
    return BelongsToAny(owner_, principals);
  }

  // Somebody asks for the account's token.
  void NoteAsked(Instant now);
  // Somebody is handed the session's token. There must be one.
  void NoteHandedOut(Instant now);
  // When somebody last asked.
  Instant LastUsed() const;
  // When the last token ends that somebody was handed; InfinitePast if nobody was.
  Instant HandedOutUntil() const;

  // What to tell upstream to forget it. There must be one.
  RevocableSession Revocable() const;

 private:
  // When a reader was last handed the session's token.
  std::optional<Instant> LastRead() const;
  void NoteReaders();

  SessionCache& cache_;
  const AccountKey key_;
  SessionPtr session_;
  std::shared_ptr<Published> published_;
  bool refresh_token_dead_ = false;
  std::string owner_;
  uint64_t generation_;
  absl::Duration lifetime_ = absl::InfiniteDuration();
  // Without the marks that readers have left on `published_`.
  Instant last_used_;
  Instant handed_out_until_ = Instant::InfinitePast();
};

// When a token counts as live no more.
Instant LiveUntil(const IssuedToken& token);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_SESSIONS_SERVED_SESSION_H_
