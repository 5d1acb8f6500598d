#ifndef CREDBROKER_TESTS_UPSTREAM_HTTP_FIXTURE_H_
#define CREDBROKER_TESTS_UPSTREAM_HTTP_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

#include "service/base/clock.h"
#include "service/base/event_loop.h"
#include "service/model/failure.h"
#include "service/upstream/curl_http_client.h"
#include "service/upstream/curl_status.h"
#include "tests/upstream/scripted_server.h"

namespace credbroker {

// A CurlHttpClient on a real loop.
class HttpFixture : public testing::Test {
 protected:
  explicit HttpFixture(HttpLimits limits = {}) {
    InitializeCurl();
    loop_ = std::make_unique<EventLoop>(SystemClock(), "test-loop");
    client_ = std::make_unique<CurlHttpClient>(*loop_, "credbroker/test", limits);
  }
  ~HttpFixture() override { loop_->Stop(); }

  static std::shared_ptr<Tenant> TenantAt(const std::string& base_url,
                                          const std::string& name = "acme") {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = name;
    tenant->base_url = base_url;
    return tenant;
  }

  static HttpRequest Post(const Tenant& tenant, absl::string_view path) {
    HttpRequest request;
    request.url = absl::StrCat(tenant.base_url, path);
    request.body = Secret::Copy(R"({"k":"v"})");
    request.timeout = absl::Seconds(30);
    return request;
  }

  // Sends it and waits for what comes of it.
  HttpResult Fetch(std::shared_ptr<const Tenant> tenant, HttpRequest request) {
    HttpResult result;
    absl::Notification finished;
    loop_->Post([&] {
      client_->Send(std::move(tenant), std::move(request), [&](HttpResult got) {
        result = std::move(got);
        finished.Notify();
      });
    });
    finished.WaitForNotification();
    return result;
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlHttpClient> client_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_UPSTREAM_HTTP_FIXTURE_H_
