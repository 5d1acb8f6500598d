#ifndef CREDBROKER_SERVICE_OPS_READINESS_H_
#define CREDBROKER_SERVICE_OPS_READINESS_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace credbroker {

// Whether this process should get traffic: named conditions, all of which must hold. Thread-safe.
class Readiness {
 public:
  struct Condition {
    std::string name;
    bool ok = false;
    // Why not, for people; empty if `ok`.
    std::string reason;
  };

  // All conditions at one moment.
  struct Report {
    bool ready = true;
    std::vector<Condition> conditions;  // In the order in which they were named first.
  };

  // A condition counts from the moment it is named, so name all of them before serving.
  void SetOk(absl::string_view name);
  // `reason` is shown to whoever can reach the admin address: no secrets.
  void SetFailing(absl::string_view name, absl::string_view reason);

  // Ready as long as no condition fails; a set of none is ready.
  Report Get() const;

 private:
  void Set(Condition condition);

  mutable absl::Mutex mutex_;
  std::vector<Condition> conditions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_OPS_READINESS_H_
