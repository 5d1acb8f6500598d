#include "service/main/listener_probe.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "absl/synchronization/notification.h"

#include "service/base/clock.h"

namespace credbroker {

absl::Status ProbeListener(const std::string& address, absl::Duration timeout) {
  grpc::ChannelArguments arguments;
  // Channels to one address share their connections otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  grpc::GenericStub health(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(SystemClock().Wall() + timeout));
  // A HealthCheckRequest that asks for the server as a whole has no bytes.
  const grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification answered;
  health.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                   [&](grpc::Status ended) {
                     status = std::move(ended);
                     answered.Notify();
                   });
  answered.WaitForNotification();
  // gRPC's codes are Abseil's.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace credbroker
