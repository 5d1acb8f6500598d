#ifndef CREDBROKER_SERVICE_UPSTREAM_CURL_HTTP_CLIENT_H_
#define CREDBROKER_SERVICE_UPSTREAM_CURL_HTTP_CLIENT_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "service/base/event_loop.h"
#include "service/upstream/curl_transfer.h"
#include "service/upstream/http_client.h"

namespace credbroker {

// HttpClient over libcurl: HTTP/1.1 or HTTP/2, TLS 1.2 or later, always verified. Nothing comes
// from the environment, no proxy, no netrc. Each tenant has connections of its own, driven by the
// loop's epoll, so that thousands of transfers cost no more than their own bytes.
class CurlHttpClient : public HttpClient {
 public:
  // Call InitializeCurl before. `loop` outlives the client, which must be destroyed on the loop or
  // after it has stopped. `user_agent` is e.g. "credbroker/1.0.0".
  CurlHttpClient(EventLoop& loop, std::string user_agent, HttpLimits limits = {});
  ~CurlHttpClient() override;

  void Send(std::shared_ptr<const Tenant> tenant, HttpRequest request, Done done) override;

 private:
  class Pool;

  EventLoop& loop_;
  const std::string user_agent_;
  const HttpLimits limits_;
  // By tenant name.
  absl::flat_hash_map<std::string, std::unique_ptr<Pool>> pools_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_CURL_HTTP_CLIENT_H_
