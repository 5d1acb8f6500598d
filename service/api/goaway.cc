#include "service/api/goaway.h"

#include <grpc/grpc.h>

namespace credbroker {

void Goaway::Send(grpc::Server& server) {
  gone_ = grpc_completion_queue_create_for_next(nullptr);
  grpc_server_shutdown_and_notify(server.c_server(), gone_, /*tag=*/this);
}

Goaway::~Goaway() {
  if (gone_ == nullptr) return;
  grpc_completion_queue_shutdown(gone_);
  grpc_event event;
  do {
    event = grpc_completion_queue_next(gone_, gpr_inf_future(GPR_CLOCK_REALTIME), nullptr);
  } while (event.type != GRPC_QUEUE_SHUTDOWN);
  grpc_completion_queue_destroy(gone_);
}

}  // namespace credbroker
