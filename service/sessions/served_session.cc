#include "service/sessions/served_session.h"

#include <algorithm>
#include <utility>

namespace credbroker {

ServedSession::ServedSession(SessionCache& cache, AccountKey key)
    : cache_(cache), key_(std::move(key)) {}

void ServedSession::Serve(IssuedToken token, std::shared_ptr<const Grant> grant, Terms terms) {
  NoteReaders();
  const bool is_login = session_ == nullptr || session_->grant != grant;
  if (is_login) refresh_token_dead_ = false;
  owner_ = std::move(terms.owner);
  auto session = std::make_shared<Session>();
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
  published->owner = owner_;
  published->last_used = absl::ToInt64Nanoseconds(last_used_.since_boot());
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

bool ServedSession::MayBeUsedBy(const std::vector<std::string>& principals) const {
  return owner_.empty() ||
         std::find(principals.begin(), principals.end(), owner_) != principals.end();
}

void ServedSession::NoteHandedOut(Instant now) {
  published_->last_used = absl::ToInt64Nanoseconds(now.since_boot());
  handed_out_until_ = session_->expires;
}

Instant ServedSession::LastUsed() const {
  if (published_ == nullptr) return last_used_;
  return std::max(last_used_, Instant::FromBoot(absl::Nanoseconds(published_->last_used.load())));
}

Instant ServedSession::HandedOutUntil() const {
  return LastUsed() > last_used_ ? session_->expires : handed_out_until_;
}

void ServedSession::NoteReaders() {
  if (session_ == nullptr) return;
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
