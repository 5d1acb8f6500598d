#ifndef CREDBROKER_SERVICE_MAIN_RELOAD_THREAD_H_
#define CREDBROKER_SERVICE_MAIN_RELOAD_THREAD_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "service/main/reload.h"

namespace credbroker {

// Looks for changes twice a second, and when asked to, on a thread of its own: files may be on a
// disk that hangs.
class ReloadThread {
 public:
  // `reload` outlives the thread and is its own meanwhile.
  explicit ReloadThread(Reload& reload);
  // Waits for a look that is under way.
  ~ReloadThread();
  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

  // Looks soon, and says again what is refused. Thread-safe.
  void Ask();

 private:
  void Run();
  bool IsNeeded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return asked_ || stopping_; }

  Reload& reload_;
  absl::Mutex mutex_;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_RELOAD_THREAD_H_
