#ifndef CREDBROKER_TESTS_BENCH_BARE_ECHO_H_
#define CREDBROKER_TESTS_BENCH_BARE_ECHO_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <memory>
#include <string>

namespace credbroker {

// The baseline: a gRPC server that answers GetToken and does nothing else, under gRPC's own
// listener and defaults.
enum class EchoKind {
  // The typed callback API, as a service is usually written: the request is parsed, and an answer
  // of one string is filled in and serialised for each call.
  kTyped,
  // What gRPC itself costs: bytes in, the same bytes out each time. WatchToken sends them once and
  // stays open.
  kRaw,
};

class BareEcho {
 public:
  // Serves on a free port of 127.0.0.1. Its answers have `answer_bytes` bytes.
  BareEcho(EchoKind kind, size_t answer_bytes);
  ~BareEcho();

  std::string address() const { return address_; }

  // Sends the answer once more on every open stream (kRaw).
  void Push();

 private:
  class Streams;
  std::unique_ptr<Streams> streams_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_BARE_ECHO_H_
