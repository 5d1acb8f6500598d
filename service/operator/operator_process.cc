#include "service/operator/operator_process.h"

#include <initializer_list>

#include "service/base/log.h"
#include "service/main/process.h"
#include "service/upstream/curl_status.h"

namespace credbroker {

void PrepareOperatorProcess() {
  ScrubEnvironment();
  // A short-lived program of somebody who may read the configuration: best effort.
  ForbidCoreDumps().IgnoreError();
  PrepareSecureHeap().IgnoreError();
  InitializeCurl();
  SetLogSink([](LogLevel, absl::string_view, std::initializer_list<LogField>) {});
}

}  // namespace credbroker
