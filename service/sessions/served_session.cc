#include "service/sessions/served_session.h"

#include <algorithm>
#include <utility>

namespace credbroker {

ServedSession::ServedSession(SessionCache& cache, AccountKey key, uint64_t generation)
    : cache_(cache), key_(std::move(key)), generation_(generation) {}

void ServedSession::Serve(IssuedToken token, std::shared_ptr<const Grant> grant, Terms terms) {
  NoteReaders();
  const bool is_login = session_ == nullptr || session_->grant != grant;
  if (is_login) {
    refresh_token_dead_ = false;
    handed_out_until_ = Instant::InfinitePast();
  }
  owner_ = std::move(terms.owner);
  auto session = std::make_shared<Session>();
  lifetime_ = token.lifetime;
  session->lifetime = token.lifetime;
  session->expires = token.sent + token.lifetime;
  session->live_until = LiveUntil(token);
  session->refresh_due = token.sent + terms.refresh_delay;
  session->grant = std::move(grant);
  session->access_token = std::move(token.access_token);
  session->header_name = std::move(terms.header_name);
  session->generation = ++generation_;
  session->device_id = std::move(token.device_id);
  session->sendbird_session_token = std::move(token.sendbird_session_token);
  session->issue_time = token.sent_wall;
  session->expire_time = token.sent_wall + token.lifetime;
  session_ = std::move(session);

  auto published = std::make_shared<Published>();
  published->session = session_;
  published->tenant = std::move(terms.tenant);
  published->owner = owner_;
  published_ = std::move(published);
  cache_.Publish(key_, published_);
}

void ServedSession::Drop() {
  NoteReaders();
  cache_.Remove(key_);
  published_ = nullptr;
  session_ = nullptr;
  refresh_token_dead_ = false;
  owner_.clear();
}

void ServedSession::NoteAsked(Instant now) { last_used_ = now; }

void ServedSession::NoteHandedOut(Instant now) {
  last_used_ = now;
  // An older token of the session may live longer.
  handed_out_until_ = std::max(handed_out_until_, session_->expires);
}

std::optional<Instant> ServedSession::LastRead() const {
  if (published_ == nullptr) return std::nullopt;
  const int64_t mark = published_->last_used.load();
  if (mark == Published::kNever) return std::nullopt;
  return Instant::FromBoot(absl::Nanoseconds(mark));
}

Instant ServedSession::LastUsed() const {
  return std::max(last_used_, LastRead().value_or(last_used_));
}

Instant ServedSession::HandedOutUntil() const {
  return LastRead().has_value() ? std::max(handed_out_until_, session_->expires)
                                : handed_out_until_;
}

void ServedSession::NoteReaders() {
  handed_out_until_ = HandedOutUntil();
  last_used_ = LastUsed();
}

RevocableSession ServedSession::Revocable() const {
  return {session_->access_token.Clone(), session_->expires,
          refresh_token_dead_ ? Secret() : session_->grant->refresh_token.Clone()};
}

Instant LiveUntil(const IssuedToken& token) {
  return token.sent + token.lifetime - Slack(token.lifetime);
}

}  // namespace credbroker
