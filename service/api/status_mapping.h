#ifndef CREDBROKER_SERVICE_API_STATUS_MAPPING_H_
#define CREDBROKER_SERVICE_API_STATUS_MAPPING_H_

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace credbroker {

// What a failed call was about, for its error details.
struct CallNames {
  // As the caller sent them.
  std::string tenant;
  std::string account;
  // Of the caller itself; empty if it is not known.
  std::string principal;
  // Its network address, for the audit log alone.
  std::string peer = {};
};

// The one way out for failures: a gRPC status with google.rpc.ErrorInfo and, where waiting helps,
// RetryInfo, as the contract's table says. A status that no caller should see becomes INTERNAL,
// without its message, and is logged. Names over 254 bytes are left out, so that trailers stay
// small.
grpc::Status ToGrpcStatus(const absl::Status& status, const CallNames& names);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_STATUS_MAPPING_H_
