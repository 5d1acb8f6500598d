#ifndef CREDBROKER_TESTS_UPSTREAM_FAKE_HTTP_CLIENT_H_
#define CREDBROKER_TESTS_UPSTREAM_FAKE_HTTP_CLIENT_H_

#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

#include "service/base/json.h"
#include "service/upstream/http_client.h"

namespace credbroker {

// An HttpClient that keeps requests until the test answers them, oldest first.
class FakeHttpClient : public HttpClient {
 public:
  void Send(std::shared_ptr<const Tenant>, HttpRequest request, Done done) override {
    pending_.push_back({std::move(request), std::move(done)});
    ++sent_;
  }

  size_t pending() const { return pending_.size(); }
  int sent() const { return sent_; }

  // The oldest request that waits; there must be one.
  const HttpRequest& request() const { return pending_.front().request; }
  bool IsFor(absl::string_view path) const {
    return !pending_.empty() && absl::EndsWith(request().url, path);
  }
  Json body() const {
    return Json::parse(request().body.RevealSecret().begin(), request().body.RevealSecret().end());
  }
  // The value of its header `name`; empty if it has none.
  std::string header(absl::string_view name) const {
    for (const HttpHeader& header : request().headers) {
      if (header.name == name) return std::string(header.value.RevealSecret());
    }
    return "";
  }

  using Headers = std::initializer_list<std::pair<std::string, std::string>>;
  void Answer(int status, const Headers& headers, absl::string_view text) {
    HttpResponse response;
    response.status = status;
    for (const auto& [name, value] : headers) {
      response.headers.push_back({name, Secret::Copy(value)});
    }
    response.body = Secret::Copy(text);
    Take()({std::move(response), /*body_sent=*/true});
  }

  void Fail(absl::Status status, bool body_sent) { Take()({std::move(status), body_sent}); }

 private:
  struct Pending {
    HttpRequest request;
    Done done;
  };

  Done Take() {
    Done done = std::move(pending_.front().done);
    pending_.pop_front();
    return done;
  }

  std::deque<Pending> pending_;
  int sent_ = 0;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_UPSTREAM_FAKE_HTTP_CLIENT_H_
