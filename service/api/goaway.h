#ifndef CREDBROKER_SERVICE_API_GOAWAY_H_
#define CREDBROKER_SERVICE_API_GOAWAY_H_

#include <grpcpp/server.h>

struct grpc_completion_queue;

namespace credbroker {

// Asks the peers of a gRPC server to leave, before it shuts down: with GOAWAY (RFC 9113 section
// 6.8) on every connection. Calls in flight go on; no other is taken; a connection without any
// closes.
//
// grpc::Server::Shutdown begins with the same step and then blocks. In gRPC 1.51 that step may be
// taken twice (core/lib/surface/server.cc, ShutdownAndNotify: the second only waits along with the
// first) and, as Shutdown itself shows, with a completion queue that the server does not know.
class Goaway {
 public:
  Goaway() = default;
  // After the server's own Shutdown and before its end.
  ~Goaway();
  Goaway(const Goaway&) = delete;
  Goaway& operator=(const Goaway&) = delete;

  // Nothing may hand a connection to the server any more. Once.
  void Send(grpc::Server& server);

 private:
  // Where gRPC tells that all connections are gone, which nobody waits for.
  grpc_completion_queue* gone_ = nullptr;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_GOAWAY_H_
