#ifndef CREDBROKER_CLIENT_CLI_FAILURE_H_
#define CREDBROKER_CLIENT_CLI_FAILURE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"

namespace credbroker {

// The code's name as gRPC's specification writes it, e.g. "FAILED_PRECONDITION"; "CODE_31" for one
// that it does not know.
std::string CodeName(grpc::StatusCode code);

// What a person needs to know about `status`, which is not OK, in one line without its end:
//
//   FAILED_PRECONDITION: CREDENTIAL_HELD_BACK: account is held back; retry in 12s
//
// The reason comes from ErrorInfo, the time from RetryInfo (rounded up). A status without ErrorInfo
// did not come from the broker's code, so the line ends with the `address` that was called. What
// the peer wrote is escaped for a terminal; details that cannot be decoded are left out.
std::string DescribeFailure(const grpc::Status& status, absl::string_view address);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_FAILURE_H_
