#ifndef CREDBROKER_SERVICE_UPSTREAM_HTTP_CLIENT_H_
#define CREDBROKER_SERVICE_UPSTREAM_HTTP_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "service/base/secret.h"
#include "service/model/tenant.h"

namespace credbroker {

// A header line. The value is a secret, since one of them is the access token.
struct HttpHeader {
  std::string name;
  Secret value;
};

struct HttpRequest {
  enum class Method { kGet, kPost };
  Method method = Method::kPost;
  std::string url;
  std::vector<HttpHeader> headers;
  // JSON; for kPost.
  Secret body;
  // For the whole of it.
  absl::Duration timeout;
  // Whether doing it twice does no harm. If so, it is sent once more if a connection that was kept
  // open turns out to be dead.
  bool repeatable = false;
};

struct HttpResponse {
  int status = 0;
  // In the order of arrival, names as received. Not those of interim responses or trailers.
  std::vector<HttpHeader> headers;
  Secret body;
};

struct HttpResult {
  // UPSTREAM_UNAVAILABLE or UPSTREAM_MALFORMED (model/failure.h) if there was no whole response. A
  // response of any HTTP status is OK.
  absl::StatusOr<HttpResponse> response;
  // Whether any of the body may have left: if not, upstream has processed nothing.
  bool body_sent = false;
};

// Sends requests, keeping connections open for the next ones, never shared between tenants. Lives
// on one loop.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // `done` runs on the loop, exactly once, never inside the call; if the client ends before, it is
  // destroyed without being run. Redirects are not followed.
  using Done = absl::AnyInvocable<void(HttpResult)>;
  virtual void Send(std::shared_ptr<const Tenant> tenant, HttpRequest request, Done done) = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_HTTP_CLIENT_H_
