#ifndef CREDBROKER_TESTS_FAKES_FAKE_UPSTREAM_H_
#define CREDBROKER_TESTS_FAKES_FAKE_UPSTREAM_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/base/loop.h"
#include "service/upstream/upstream.h"

namespace credbroker {

// An upstream that a test decides about. Answers each call in a task of its own: with success,
// unless a failure was queued for its kind; while `Hold` is in force, not before `Release`.
//
// Its tokens are "access-N" and "refresh-N", N counting from 1. Thread-safe.
class FakeUpstream : public Upstream {
 public:
  enum class Kind { kLogin, kRefresh, kLogout };
  struct Call {
    Kind kind;
    AccountKey key;
    std::string email;
    // The token that was presented; empty for a login.
    std::string token;
    Device device;
    // The password that a login was to use; empty if it could not be read.
    std::string password = {};
  };

  explicit FakeUpstream(Loop& loop) : loop_(loop) {}

  void Login(const UpstreamAccount& account, std::shared_ptr<const Credential> credential,
             const Device& device, LoginDone done) override;
  void Refresh(const UpstreamAccount& account, const Secret& refresh_token,
               RefreshDone done) override;
  void Logout(const UpstreamAccount& account, const Secret& access_token, LogoutDone done) override;
  void HasCredentialChanged(const AccountKey& key, std::shared_ptr<const Credential> credential,
                            CredentialDone done) override;

  // The next call of that kind that nothing was queued for yet fails so.
  void FailNext(Kind kind, absl::Status failure);
  // From now on every call of that kind fails so; OK ends that.
  void FailAlways(Kind kind, absl::Status failure);
  void Hold();
  // Answers what is held, and what comes from now on at once.
  void Release();
  // Answers the oldest call that is held, and goes on holding.
  void ReleaseOne();
  // The same for the newest.
  void ReleaseLast();

  void set_lifetime(absl::Duration lifetime);
  void set_credential_changed(bool changed);

  // Every call since the start, in order.
  std::vector<Call> calls() const;
  int Count(Kind kind) const;
  // Calls that have come and were not answered.
  int InFlight() const;

 private:
  using Answer = absl::AnyInvocable<void()>;
  absl::Status NextResult(Kind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  IssuedToken MakeToken() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Deliver(Answer answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PostAnswer(Answer answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Loop& loop_;
  mutable absl::Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  bool credential_changed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration lifetime_ ABSL_GUARDED_BY(mutex_) = absl::Minutes(5);
  int tokens_ ABSL_GUARDED_BY(mutex_) = 0;
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::deque<Answer> held_ ABSL_GUARDED_BY(mutex_);
  std::map<Kind, std::deque<absl::Status>> next_ ABSL_GUARDED_BY(mutex_);
  std::map<Kind, absl::Status> always_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_FAKE_UPSTREAM_H_
