#ifndef CREDBROKER_SERVICE_API_GRPC_LOG_H_
#define CREDBROKER_SERVICE_API_GRPC_LOG_H_

namespace credbroker {

// Lets gRPC's own complaints come out as log lines `grpc_error`, one in 10 s at most for all that
// came meanwhile, instead of as text on stderr, as often as somebody provokes one. A line says
// where in gRPC's source the last one arose. What it said is left out, since it may quote a caller,
// except for handshakes, where it is OpenSSL's reason. For the whole process; may be repeated.
void RouteGrpcLog();

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_GRPC_LOG_H_
