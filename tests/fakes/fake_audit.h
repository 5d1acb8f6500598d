#ifndef CREDBROKER_TESTS_FAKES_FAKE_AUDIT_H_
#define CREDBROKER_TESTS_FAKES_FAKE_AUDIT_H_

#include <atomic>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/ops/audit_event.h"

namespace credbroker {

// An audit log in memory. Says at once that an event is written, or that it failed with the status
// that the test has set; while Hold is in force, not before Release. Thread-safe.
class FakeAudit : public AuditSink {
 public:
  bool on() const override { return on_; }
  using AuditSink::Append;
  void Append(AuditEvent event, Done done) override {
    absl::Status status;
    {
      absl::MutexLock lock(&mutex_);
      if (!on_) {
        status = absl::OkStatus();
      } else if (done != nullptr && held_) {
        waiting_.emplace_back(std::move(event), std::move(done));
        return;
      } else if (done == nullptr || status_.ok()) {
        events_.push_back(std::move(event));
      } else {
        status = status_;
      }
    }
    if (done != nullptr) done(std::move(status));
  }

  void Turn(bool on) { on_ = on; }
  // What becomes of events that somebody waits for.
  void Answer(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }
  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    std::deque<std::pair<AuditEvent, Done>> waiting;
    {
      absl::MutexLock lock(&mutex_);
      held_ = false;
      waiting.swap(waiting_);
    }
    for (auto& [event, done] : waiting) Append(std::move(event), std::move(done));
  }
  size_t held() const {
    absl::MutexLock lock(&mutex_);
    return waiting_.size();
  }

  // What has been written, in order.
  std::vector<AuditEvent> events() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }
  std::vector<AuditEvent> events(AuditKind kind) const {
    std::vector<AuditEvent> found;
    for (AuditEvent& event : events()) {
      if (event.kind == kind) found.push_back(std::move(event));
    }
    return found;
  }

 private:
  std::atomic<bool> on_ = true;
  mutable absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::pair<AuditEvent, Done>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<AuditEvent> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_FAKES_FAKE_AUDIT_H_
