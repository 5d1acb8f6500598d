#include "service/ops/admin_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"

#include "service/base/json.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

// A connection that can do what a well-behaved client would not.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(fd_); }

  // Whether the server took all of it.
  bool Send(const std::string& bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  // All that comes until the server closes or resets the connection.
  std::string ReadToEnd() {
    std::string all;
    char block[4096];
    for (ssize_t count; (count = recv(fd_, block, sizeof(block), 0)) > 0;)
      all.append(block, static_cast<size_t>(count));
    return all;
  }

 private:
  const int fd_;
};

class AdminServerTest : public testing::Test {
 protected:
  void Start(AdminHooks hooks = {}, AdminOptions options = {}) {
    auto server = AdminServer::Start(std::move(options), metrics_, readiness_, std::move(hooks));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Client Client() {
    httplib::Client client("127.0.0.1", server_->port());
    client.set_read_timeout(20);
    return client;
  }

  httplib::Result Get(const std::string& path, const httplib::Headers& headers = {}) {
    auto result = Client().Get(path, headers);
    EXPECT_TRUE(result) << httplib::to_string(result.error());
    return result;
  }

  Metrics metrics_{{"acme"}};
  Readiness readiness_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, MetricsAreServedInThePrometheusTextFormat) {
  Start();
  metrics_.CountTokenRequest("acme", TokenOutcome::kHit);
  const auto result = Get("/metrics");
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(
      Exposition(result->body)
          .Value("credbroker_token_requests_total", {{"tenant", "acme"}, {"outcome", "hit"}}),
      Optional(1));
}

TEST_F(AdminServerTest, GaugesAreFreshAtEachScrape) {
  std::atomic<int> scrapes = 0;
  Start({[&] {
           metrics_.SetTenantGauges({{"acme", {{"live", ++scrapes}}, std::nullopt, 0}});
         },
         nullptr});
  for (const double expected : {1, 2})
    EXPECT_THAT(Exposition(Get("/metrics")->body)
                    .Value("credbroker_sessions", {{"tenant", "acme"}, {"state", "live"}}),
                Optional(expected));
  Get("/readyz");
  EXPECT_EQ(scrapes, 2);
}

TEST_F(AdminServerTest, ReadyzHasALineForEachConditionAnd503IfOneFails) {
  readiness_.SetOk("config");
  readiness_.SetFailing("store", "not read yet");
  Start();
  auto result = Get("/readyz");
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->body, "ok config\nfail store: not read yet\n");
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; charset=utf-8");

  readiness_.SetOk("store");
  result = Get("/readyz");
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "ok config\nok store\n");
}

TEST_F(AdminServerTest, ReadyzIsJsonForWhoeverAcceptsIt) {
  readiness_.SetOk("config");
  readiness_.SetFailing("store", "a \"quoted\" reason \xff");
  Start();
  auto result = Get("/readyz", {{"Accept", "text/html, Application/JSON;q=0.9"}});
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(Json::parse(result->body, nullptr, false),
            Json({{"ready", false},
                  {"conditions",
                   {{{"name", "config"}, {"ok", true}, {"reason", ""}},
                    {{"name", "store"},
                     {"ok", false},
                     {"reason", "a \"quoted\" reason \xef\xbf\xbd"}}}}}));
  readiness_.SetOk("store");
  result = Get("/readyz", {{"Accept", "application/json"}});
  EXPECT_EQ(result->status, 200);
  EXPECT_THAT(result->body, HasSubstr("\"ready\":true"));
}

TEST_F(AdminServerTest, LivezWithoutAProbeSaysThatTheProcessRuns) {
  readiness_.SetFailing("store", "not read yet");
  Start();
  const auto result = Get("/livez");
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "ok\n");
}

TEST_F(AdminServerTest, LivezFailsAtTheThirdFailureInARowNotAtTheSecond) {
  std::atomic<bool> works = false;
  AdminOptions options;
  options.probe_pause = absl::ZeroDuration();
  Start({nullptr,
         [&] { return works ? absl::OkStatus() : absl::UnavailableError("canary of the probe"); }},
        options);
  EXPECT_EQ(Get("/livez")->status, 200);
  EXPECT_EQ(Get("/livez")->status, 200);
  works = true;
  EXPECT_EQ(Get("/livez")->status, 200);
  works = false;
  EXPECT_EQ(Get("/livez")->status, 200);
  EXPECT_EQ(Get("/livez")->status, 200);
  const auto third = Get("/livez");
  EXPECT_EQ(third->status, 503);
  EXPECT_THAT(third->body, Not(HasSubstr("canary")));
  EXPECT_EQ(Get("/livez")->status, 503);
  works = true;
  EXPECT_EQ(Get("/livez")->status, 200);
}

TEST_F(AdminServerTest, EverythingElseIsNotFound) {
  Start();
  for (const char* path : {"/", "/metrics/", "/metricsx", "/x/metrics", "/%2e%2e/metrics",
                           "/../../etc/passwd", "/favicon.ico"})
    EXPECT_EQ(Get(path)->status, 404) << path;
  EXPECT_EQ(Get("/metrics?name=x")->status, 200);
}

TEST_F(AdminServerTest, OtherMethodsAreNotAllowed) {
  Start();
  const std::string body(40000, 'x');
  const auto posted = Client().Post("/metrics", body, "text/plain");
  ASSERT_TRUE(posted) << httplib::to_string(posted.error());
  EXPECT_EQ(posted->status, 405);
  EXPECT_EQ(posted->get_header_value("Allow"), "GET, HEAD");
  const auto deleted = Client().Delete("/readyz");
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->status, 405);
}

TEST_F(AdminServerTest, HeadIsGetWithoutTheBody) {
  readiness_.SetFailing("store", "not read yet");
  Start();
  const auto result = Client().Head("/readyz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->body, "");
}

TEST_F(AdminServerTest, NothingIsStoredSniffedOrKeptOpen) {
  Start();
  for (const char* path : {"/metrics", "/readyz", "/livez", "/nothing"}) {
    const auto result = Get(path);
    EXPECT_EQ(result->get_header_value("Cache-Control"), "no-store") << path;
    EXPECT_EQ(result->get_header_value("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(result->get_header_value("Connection"), "close") << path;
  }
}

TEST_F(AdminServerTest, AHookThatThrowsIsA500WithoutItsWords) {
  Start({[] { throw std::runtime_error("canary of the exception"); }, nullptr});
  RawClient client(server_->port());
  ASSERT_TRUE(client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 500"));
  EXPECT_THAT(answer, Not(HasSubstr("canary")));
  EXPECT_EQ(Get("/readyz")->status, 200);
}

TEST_F(AdminServerTest, NonsenseIsRefusedAndServingGoesOn) {
  Start();
  for (const std::string& nonsense :
       {std::string("nonsense\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(1, '\0'),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 13),
        "GET /" + std::string(10000, 'a') + " HTTP/1.1\r\n\r\n"}) {
    RawClient client(server_->port());
    client.Send(nonsense);
    client.Send("\r\n\r\n");
    EXPECT_THAT(client.ReadToEnd(), Not(HasSubstr("HTTP/1.1 200")));
  }
  EXPECT_EQ(Get("/readyz")->status, 200);
}

TEST_F(AdminServerTest, EndlessHeadersAreCutOff) {
  Start({}, {.request_timeout = absl::Minutes(10)});
  RawClient client(server_->port());
  client.Send("GET /metrics HTTP/1.1\r\n");
  // Far more than is read of a request: ends only if the server hangs up.
  const std::string header = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  while (client.Send(header)) continue;
  EXPECT_EQ(Get("/readyz")->status, 200);
}

TEST_F(AdminServerTest, ARangeOfAPageIsNotServed) {
  Start();
  readiness_.SetOk("config");
  const auto result = Get("/readyz", {{"Range", "bytes=0-0,0-0,0-0"}});
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "ok config\n");
}

TEST_F(AdminServerTest, ManyScrapeAtOnce) {
  Start();
  std::atomic<int> served = 0;
  std::vector<std::thread> threads;
  threads.reserve(16);
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        const auto result = Client().Get("/metrics");
        if (result && result->status == 200 && result->body.back() == '\n') ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 16 * 20);
}

TEST_F(AdminServerTest, ASlowClientDoesNotHoldUpOthers) {
  Start({}, {.threads = 2, .request_timeout = absl::Minutes(10)});
  RawClient slow(server_->port());
  slow.Send("GET /metr");
  EXPECT_EQ(Get("/readyz")->status, 200);
  slow.Send("ics HTTP/1.1\r\n\r\n");
  EXPECT_THAT(slow.ReadToEnd(), HasSubstr("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, SlowClientsOnAllThreadsAreCutOffAtTheTimeout) {
  Start({}, {.threads = 1, .request_timeout = absl::Milliseconds(50)});
  RawClient slow(server_->port());
  slow.Send("GET /metrics HTTP/1.1\r\n");
  EXPECT_EQ(Get("/readyz")->status, 200);
  EXPECT_EQ(slow.ReadToEnd(), "");
}

TEST_F(AdminServerTest, StoppingEndsConnectionsThatWait) {
  Start({}, {.threads = 1, .request_timeout = absl::Minutes(10)});
  RawClient served(server_->port());
  RawClient queued(server_->port());
  served.Send("GET /");
  queued.Send("GET /");
  server_->Stop();
  EXPECT_EQ(served.ReadToEnd(), "");
  EXPECT_EQ(queued.ReadToEnd(), "");
  server_->Stop();
}

TEST_F(AdminServerTest, StoppingWaitsForAHookThatRuns) {
  absl::Notification entered;
  absl::Notification leave;
  std::atomic<bool> left = false;
  Start({[&] {
           entered.Notify();
           leave.WaitForNotification();
           left = true;
         },
         nullptr});
  RawClient client(server_->port());
  client.Send("GET /metrics HTTP/1.1\r\n\r\n");
  entered.WaitForNotification();
  std::thread stopper([&] {
    server_->Stop();
    EXPECT_TRUE(left);
  });
  leave.Notify();
  stopper.join();
}

TEST_F(AdminServerTest, AnAddressThatIsTakenFailsTheStart) {
  Start();
  const auto second =
      AdminServer::Start({.port = server_->port()}, metrics_, readiness_, AdminHooks());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(AdminServerTest, ItListensOnIpv6Too) {
  auto server = AdminServer::Start({.host = "::1"}, metrics_, readiness_, AdminHooks());
  if (!server.ok()) GTEST_SKIP() << "no IPv6 here: " << server.status();
  httplib::Client client("::1", (*server)->port());
  const auto result = client.Get("/readyz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
}

}  // namespace
}  // namespace credbroker
