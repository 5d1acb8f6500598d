#include "service/api/grpc_log.h"

#include <grpc/support/log.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

#include "service/base/clock.h"
#include "service/base/log.h"

namespace credbroker {
namespace {

constexpr absl::Duration kPauseBetweenComplaints = absl::Seconds(10);
constexpr char kHandshakes[] = "ssl_transport_security.cc";

struct Complaints {
  absl::Mutex mutex;
  int count ABSL_GUARDED_BY(mutex) = 0;
  Instant next_line ABSL_GUARDED_BY(mutex) = Instant::InfinitePast();
};

// How many complaints a line written now is for; 0 if it is too early for one.
int CountComplaint(Instant now) {
  static auto* const complaints = new Complaints;
  absl::MutexLock lock(&complaints->mutex);
  ++complaints->count;
  if (now < complaints->next_line) return 0;
  complaints->next_line = now + kPauseBetweenComplaints;
  return std::exchange(complaints->count, 0);
}

void OnComplaint(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  const int count = CountComplaint(SystemClock().Steady());
  if (count == 0) return;
  const absl::string_view path = args->file;
  const absl::string_view file = path.substr(path.rfind('/') + 1);
  Log(LogLevel::kWarning, "grpc_error",
      {{"file", file},
       {"line", args->line},
       {"count", count},
       {"message", file == kHandshakes ? args->message : ""}});
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(&OnComplaint); }

}  // namespace credbroker
