#ifndef CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_
#define CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/base/loop.h"
#include "service/ops/audit_event.h"
#include "service/ops/audit_file.h"

namespace credbroker {

// The audit log: whole lines, in the order of the calls, written by a thread of its own, so that
// nobody is held up by a sink that hangs.
//
// A sink that fails, or takes nothing for kPatience while somebody waits, fails all who wait, at
// once, and those who come after, until it takes lines again; that is tried for each of them and
// four times a second. What nobody waits for is kept meanwhile, as far as there is room; what there
// is no room for is counted and logged as lost. A line whose `done` got a failure may still have
// been written: the log may tell of a hand-out that did not happen, never the reverse.
class AuditLog : public AuditSink {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(1);
  // Events that wait to be written: in all, and of those that nobody waits for.
  static constexpr size_t kMostWaiting = 16'384;
  static constexpr size_t kMostUnawaited = 12'288;

  // Nothing is recorded without `options`. `loop` tells the time and watches over the sink; it
  // outlives the log, and runs none of its tasks any more when the log is destroyed.
  AuditLog(std::optional<AuditOptions> options, Loop& loop);
  ~AuditLog() override { Stop(); }

  using AuditSink::Append;
  void Append(AuditEvent event, Done done) override;
  bool on() const override { return on_.load(std::memory_order_relaxed); }

  // Closes the file and opens it anew: it may have been renamed. What waits goes to the new one.
  void Reopen();
  // Goes on with another sink, or none.
  void Use(std::optional<AuditOptions> options);

  // Writes what is left, unless the sink hangs for kPatience; then nothing is recorded any more,
  // and no callback is left. Idempotent; for one thread.
  void Stop();

  // Events that were not recorded, of those that nobody waited for.
  uint64_t lost() const;

 private:
  struct Waiting {
    std::string line;
    // Somebody waits, or did.
    bool awaited = false;
    Done done;
    Instant since;
  };

  bool Keep(Waiting& waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckProgress();
  // Takes the `done`s of all that wait; forgets those events but for the first `kept`.
  std::vector<Done> TakeAwaited(size_t kept) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The thread's.
  void Run();
  void SwitchTo(std::optional<AuditOptions> options);
  void WriteAll();
  bool PrepareFile();
  std::string TakeBatch();
  bool WriteBatch(absl::string_view batch);
  bool MayWaitOn();
  void OnProgress(size_t bytes);
  void OnFailure(const absl::Status& failure);
  bool ShouldWake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wake_; }

  Loop& loop_;
  std::atomic<bool> on_;
  mutable absl::Mutex mutex_;
  std::optional<AuditOptions> options_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  // How many of the first are being written.
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t unawaited_ ABSL_GUARDED_BY(mutex_) = 0;
  Instant last_progress_ ABSL_GUARDED_BY(mutex_) = Instant::InfinitePast();
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  bool checking_ ABSL_GUARDED_BY(mutex_) = false;
  bool reopen_ ABSL_GUARDED_BY(mutex_) = true;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t lost_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t lost_logged_ ABSL_GUARDED_BY(mutex_) = 0;
  // The thread's own: the sink, the bytes that it has of the first line that waits, and for how
  // many tries in a row it has taken nothing.
  std::optional<AuditFile> file_;
  size_t written_of_first_ = 0;
  int idle_tries_ = 0;
  std::thread thread_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_AUDIT_LOG_H_
