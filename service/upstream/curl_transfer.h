#ifndef CREDBROKER_SERVICE_UPSTREAM_CURL_TRANSFER_H_
#define CREDBROKER_SERVICE_UPSTREAM_CURL_TRANSFER_H_

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "service/base/clock.h"
#include "service/upstream/http_client.h"

namespace credbroker {

// How much a transfer puts up with.
struct HttpLimits {
  // Of the response, as it streams in, whatever it declares.
  size_t body_bytes = size_t{64} * 1024;
  size_t header_bytes = size_t{16} * 1024;
  // Once a response has begun, each `slow_window` must bring `slow_bytes`. The time before is
  // bounded by the request's timeout alone: thinking is not dripping.
  absl::Duration slow_window = absl::Seconds(5);
  size_t slow_bytes = 500;
};

// One attempt at one request: a libcurl easy handle and what it reads and writes. Belongs to a curl
// multi handle while it runs. Not thread-safe.
//
// libcurl re-sends a body on its own when a connection that it kept open dies after the request was
// sent. Here the body comes from a callback that cannot rewind, so that this fails instead
// (CURLE_SEND_FAIL_REWIND): a password proof is never sent twice.
class CurlTransfer {
 public:
  enum class Connection { kAny, kFresh };

  // Null if libcurl has no memory left. `user_agent` and `limits` outlive the transfer; so does
  // `request`, which it does not change. `started` runs once, inside libcurl, when the first byte
  // of a response is there; it must not touch libcurl.
  static std::unique_ptr<CurlTransfer> New(const Tenant& tenant, const HttpRequest& request,
                                           const std::string& user_agent, const HttpLimits& limits,
                                           absl::Duration timeout, Connection connection,
                                           absl::AnyInvocable<void()> started);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return easy_; }
  bool body_sent() const { return body_sent_ > 0; }
  bool response_started() const { return received_ > 0; }
  // Bytes of header and body so far.
  size_t received() const { return received_; }

  // What came of it, once libcurl has ended it with `code`. Empties the transfer.
  absl::StatusOr<HttpResponse> TakeResponse(CURLcode code);

 private:
  CurlTransfer(CURL* easy, const HttpRequest& request, const HttpLimits& limits,
               absl::AnyInvocable<void()> started);
  bool SetConnection(const Tenant& tenant, Connection connection);
  bool SetRequest(const std::string& user_agent, absl::Duration timeout);
  bool AddHeader(absl::string_view name, absl::string_view value);
  bool SetCallbacks();

  static size_t ReadBody(char* buffer, size_t size, size_t count, void* self);
  static size_t OnHeader(char* bytes, size_t size, size_t count, void* self);
  static size_t OnBody(char* bytes, size_t size, size_t count, void* self);
  void Received(size_t bytes);
  // False ends the transfer.
  bool TakeHeaderLine(absl::string_view line);

  CURL* const easy_;
  const HttpRequest& request_;
  const HttpLimits& limits_;
  absl::AnyInvocable<void()> started_;
  curl_slist* header_lines_ = nullptr;
  size_t body_sent_ = 0;
  bool body_ended_ = false;
  size_t received_ = 0;
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;
  // The header lines of the response proper have all come: what follows are trailers.
  bool headers_complete_ = false;
  // Why this code ended the transfer, if it did.
  absl::Status refusal_;
  std::vector<HttpHeader> headers_;
  std::vector<Secret> body_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_CURL_TRANSFER_H_
