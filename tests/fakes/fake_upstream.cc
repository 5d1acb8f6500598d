#include "tests/fakes/fake_upstream.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace credbroker {

void FakeUpstream::Login(const UpstreamAccount& account,
                         std::shared_ptr<const Credential> credential, const Device& device,
                         LoginDone done) {
  const absl::StatusOr<Secret> password = credential->Read();
  absl::MutexLock lock(&mutex_);
  calls_.push_back({Kind::kLogin, account.key, account.email, "", device});
  if (password.ok()) calls_.back().password = std::string(password->RevealSecret());
  ++in_flight_;
  const absl::Status result = NextResult(Kind::kLogin);
  if (!result.ok()) {
    Deliver([done = std::move(done), result]() mutable { done(result); });
    return;
  }
  LoginGrant grant;
  grant.token = MakeToken();
  grant.refresh_token = Secret::Copy(absl::StrCat("refresh-", tokens_));
  Deliver([done = std::move(done), grant = std::move(grant)]() mutable { done(std::move(grant)); });
}

void FakeUpstream::Refresh(const UpstreamAccount& account, const Secret& refresh_token,
                           RefreshDone done) {
  absl::MutexLock lock(&mutex_);
  calls_.push_back(
      {Kind::kRefresh, account.key, account.email, std::string(refresh_token.RevealSecret()), {}});
  ++in_flight_;
  const absl::Status result = NextResult(Kind::kRefresh);
  if (!result.ok()) {
    Deliver([done = std::move(done), result]() mutable { done(result); });
    return;
  }
  Deliver([done = std::move(done), token = MakeToken()]() mutable { done(std::move(token)); });
}

void FakeUpstream::Logout(const UpstreamAccount& account, const Secret& access_token,
                          LogoutDone done) {
  absl::MutexLock lock(&mutex_);
  calls_.push_back(
      {Kind::kLogout, account.key, account.email, std::string(access_token.RevealSecret()), {}});
  ++in_flight_;
  const absl::Status result = NextResult(Kind::kLogout);
  Deliver([done = std::move(done), result]() mutable { done(result); });
}

void FakeUpstream::HasCredentialChanged(const AccountKey&, std::shared_ptr<const Credential>,
                                        CredentialDone done) {
  absl::MutexLock lock(&mutex_);
  loop_.Post([done = std::move(done), changed = credential_changed_]() mutable { done(changed); });
}

void FakeUpstream::FailNext(Kind kind, absl::Status failure) {
  absl::MutexLock lock(&mutex_);
  next_[kind].push_back(std::move(failure));
}

void FakeUpstream::FailAlways(Kind kind, absl::Status failure) {
  absl::MutexLock lock(&mutex_);
  always_[kind] = std::move(failure);
}

void FakeUpstream::Hold() {
  absl::MutexLock lock(&mutex_);
  holding_ = true;
}

void FakeUpstream::Release() {
  absl::MutexLock lock(&mutex_);
  holding_ = false;
  while (!held_.empty()) {
    PostAnswer(std::move(held_.front()));
    held_.pop_front();
  }
}

void FakeUpstream::ReleaseOne() {
  absl::MutexLock lock(&mutex_);
  if (held_.empty()) return;
  PostAnswer(std::move(held_.front()));
  held_.pop_front();
}

void FakeUpstream::ReleaseLast() {
  absl::MutexLock lock(&mutex_);
  if (held_.empty()) return;
  PostAnswer(std::move(held_.back()));
  held_.pop_back();
}

void FakeUpstream::set_lifetime(absl::Duration lifetime) {
  absl::MutexLock lock(&mutex_);
  lifetime_ = lifetime;
}

void FakeUpstream::set_credential_changed(bool changed) {
  absl::MutexLock lock(&mutex_);
  credential_changed_ = changed;
}

std::vector<FakeUpstream::Call> FakeUpstream::calls() const {
  absl::MutexLock lock(&mutex_);
  return calls_;
}

int FakeUpstream::Count(Kind kind) const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::count_if(calls_.begin(), calls_.end(),
                                        [&](const Call& call) { return call.kind == kind; }));
}

int FakeUpstream::InFlight() const {
  absl::MutexLock lock(&mutex_);
  return in_flight_;
}

absl::Status FakeUpstream::NextResult(Kind kind) {
  std::deque<absl::Status>& queued = next_[kind];
  if (queued.empty()) return always_[kind];
  absl::Status result = std::move(queued.front());
  queued.pop_front();
  return result;
}

IssuedToken FakeUpstream::MakeToken() {
  IssuedToken token;
  token.access_token = Secret::Copy(absl::StrCat("access-", ++tokens_));
  token.device_id = "device";
  token.sent = loop_.Now();
  token.sent_wall = loop_.WallNow();
  token.lifetime = lifetime_;
  return token;
}

void FakeUpstream::Deliver(Answer answer) {
  if (holding_) {
    held_.push_back(std::move(answer));
  } else {
    PostAnswer(std::move(answer));
  }
}

void FakeUpstream::PostAnswer(Answer answer) {
  loop_.Post([this, answer = std::move(answer)]() mutable {
    {
      absl::MutexLock lock(&mutex_);
      --in_flight_;
    }
    answer();
  });
}

}  // namespace credbroker
