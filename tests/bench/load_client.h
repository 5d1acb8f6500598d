#ifndef CREDBROKER_TESTS_BENCH_LOAD_CLIENT_H_
#define CREDBROKER_TESTS_BENCH_LOAD_CLIENT_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "tests/bench/latencies.h"

namespace credbroker {

// How hard a server is driven: that many connections, with that many calls in flight on each.
struct LoadShape {
  int connections = 1;
  int in_flight = 1;

  int calls() const { return connections * in_flight; }
  std::string name() const;
};

struct LoadResult {
  absl::Duration elapsed;
  uint64_t calls = 0;
  // Those that did not end with OK.
  uint64_t failures = 0;
  // Of the last answer.
  size_t answer_bytes = 0;
  Latencies latencies;

  double per_second() const { return static_cast<double>(calls) / absl::ToDoubleSeconds(elapsed); }
};

// A closed-loop client: each answer is followed by the next call at once. Sends and receives bytes,
// so that it costs little beside the server, and the same whatever the server does.
class LoadClient {
 public:
  // The bytes of the n-th request.
  using RequestOf = std::function<std::string(uint64_t)>;

  // Connects. At most `threads` threads share the connections.
  LoadClient(const std::string& address, LoadShape shape, std::string method, RequestOf request,
             int threads = 2);
  ~LoadClient();

  // Calls for so long.
  LoadResult Run(absl::Duration duration);

  // Makes `calls` calls, all in flight at once, and waits for the answers. Latencies count from the
  // beginning of the burst.
  LoadResult Burst(uint64_t calls);

  // How large the answer to one call is.
  size_t AnswerBytes();

 private:
  class Lane;
  const std::string method_;
  const RequestOf request_;
  const LoadShape shape_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

// "/credbroker.v1.CredentialBroker/" and the rpc's name.
std::string MethodPath(const std::string& rpc);

// The bytes of a GetTokenRequest (and of the other requests that have the same first two fields).
std::string TokenRequestBytes(const std::string& tenant, const std::string& account);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_BENCH_LOAD_CLIENT_H_
