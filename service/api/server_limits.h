#ifndef CREDBROKER_SERVICE_API_SERVER_LIMITS_H_
#define CREDBROKER_SERVICE_API_SERVER_LIMITS_H_

#include <grpcpp/server_builder.h>

#include "absl/time/time.h"

namespace credbroker {

// Sets every limit of the gRPC server that concerns one connection and what comes over it
// (faults.md rows 37 and 41); see the source for each with its reason. ConnectionCaps limits how
// many there are.
//
// Connections are asked to leave at about `max_connection_age`, and are kept for `leaving_margin`
// more than a watch that began just before can last.
void SetLimits(grpc::ServerBuilder& builder, absl::Duration max_connection_age,
               absl::Duration leaving_margin);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_SERVER_LIMITS_H_
