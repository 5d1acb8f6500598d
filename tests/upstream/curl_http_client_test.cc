#include "service/upstream/curl_http_client.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/upstream/http_fixture.h"

namespace credbroker {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

// Answers everything with kOk until the client hangs up.
void Obliging(ScriptedConnection& connection, int) {
  while (!connection.ReadRequest().empty() && connection.Write(kOk)) {
  }
}

class CurlHttpClientTest : public HttpFixture {};

TEST_F(CurlHttpClientTest, BringsStatusHeadersAndBody) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(HttpText(418, "Session:  abc \r\nX: 1\r\n", "tea"));
  });
  const auto tenant = TenantAt(server.url());
  const HttpResult result = Fetch(tenant, Post(*tenant, "/auth/auth"));
  ASSERT_TRUE(result.response.ok()) << result.response.status();
  EXPECT_EQ(result.response->status, 418);
  EXPECT_EQ(result.response->body.RevealSecret(), "tea");
  ASSERT_THAT(result.response->headers, SizeIs(3));
  EXPECT_EQ(result.response->headers[0].name, "Session");
  EXPECT_EQ(result.response->headers[0].value.RevealSecret(), "abc");
  EXPECT_TRUE(result.body_sent);
}

TEST_F(CurlHttpClientTest, SendsTheRequestAndNothingMore) {
  ScriptedServer server(Obliging);
  const auto tenant = TenantAt(server.url());
  HttpRequest request = Post(*tenant, "/auth/auth");
  request.headers.push_back({"Platform", Secret::Copy("Cms")});
  ASSERT_TRUE(Fetch(tenant, std::move(request)).response.ok());
  ASSERT_THAT(server.requests(), SizeIs(1));
  const std::string text = server.requests()[0];
  EXPECT_THAT(text, HasSubstr("POST /auth/auth HTTP/1.1\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nPlatform: Cms\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nUser-Agent: credbroker/test\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 9\r\n"));
  EXPECT_THAT(text, testing::EndsWith("\r\n\r\n{\"k\":\"v\"}"));
  EXPECT_THAT(text, Not(HasSubstr("Accept-Encoding")));
  EXPECT_THAT(text, Not(HasSubstr("Expect")));
}

TEST_F(CurlHttpClientTest, KeepsAConnectionOpenForTheNextRequest) {
  ScriptedServer server(Obliging);
  const auto tenant = TenantAt(server.url());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlHttpClientTest, NeverSharesAConnectionBetweenTenants) {
  ScriptedServer server(Obliging);
  for (const char* name : {"acme", "globex", "acme", "globex"}) {
    const auto tenant = TenantAt(server.url(), name);
    ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(CurlHttpClientTest, ManyRequestsRunAtOnce) {
  constexpr int kRequests = 200;
  absl::Mutex mutex;
  int waiting = 0;
  // Nobody is answered before all are there.
  ScriptedServer server([&](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    {
      absl::MutexLock lock(&mutex);
      ++waiting;
      // Bounded, so that a request that never comes fails the test instead of stopping it.
      mutex.AwaitWithTimeout(absl::Condition(
                                 +[](int* count) { return *count == kRequests; }, &waiting),
                             absl::Seconds(20));
    }
    connection.Write(kOk);
  });
  const auto tenant = TenantAt(server.url());
  absl::Mutex done_mutex;
  int done = 0;
  int ok = 0;
  loop_->Post([&] {
    for (int i = 0; i < kRequests; ++i) {
      client_->Send(tenant, Post(*tenant, "/a"), [&](HttpResult result) {
        absl::MutexLock lock(&done_mutex);
        ++done;
        ok += result.response.ok() ? 1 : 0;
      });
    }
  });
  absl::MutexLock lock(&done_mutex);
  done_mutex.Await(absl::Condition(
      +[](int* count) { return *count == kRequests; }, &done));
  EXPECT_EQ(ok, kRequests);
}

TEST_F(CurlHttpClientTest, EndsWithTransfersInFlight) {
  absl::Notification arrived;
  ScriptedServer server([&](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    arrived.Notify();
    connection.AwaitHangUp();
  });
  const auto tenant = TenantAt(server.url());
  bool called = false;
  absl::Notification ended;
  loop_->Post(
      [&] { client_->Send(tenant, Post(*tenant, "/a"), [&](HttpResult) { called = true; }); });
  arrived.WaitForNotification();
  loop_->Post([&] {
    client_.reset();
    loop_->Post([&] { ended.Notify(); });
  });
  ended.WaitForNotification();
  EXPECT_FALSE(called);
}

TEST_F(CurlHttpClientTest, Row1RefusedConnectionIsUnavailableAndNothingWasSent) {
  std::string url;
  {
    ScriptedServer server(Obliging);
    url = server.url();
  }
  const auto tenant = TenantAt(url);
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  EXPECT_EQ(ReasonOf(result.response.status()), Reason::kUpstreamUnavailable);
  EXPECT_FALSE(result.body_sent);
}

TEST_F(CurlHttpClientTest, Row1ResetAfterTheRequestIsUnavailableAndMayHaveBeenSent) {
  ScriptedServer server([](ScriptedConnection& connection, int) { connection.ReadRequest(); });
  const auto tenant = TenantAt(server.url());
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  EXPECT_EQ(ReasonOf(result.response.status()), Reason::kUpstreamUnavailable);
  EXPECT_TRUE(result.body_sent);
}

TEST_F(CurlHttpClientTest, Row2SilenceEndsAtTheTimeout) {
  ScriptedServer server([](ScriptedConnection& connection, int) { connection.AwaitHangUp(); });
  const auto tenant = TenantAt(server.url());
  HttpRequest request = Post(*tenant, "/a");
  request.timeout = absl::Milliseconds(50);
  EXPECT_EQ(ReasonOf(Fetch(tenant, std::move(request)).response.status()),
            Reason::kUpstreamUnavailable);
}

// Answers the first request of the first connection; reads the second and hangs up. libcurl would
// send the body once more.
void DiesAfterReadingTheSecond(ScriptedConnection& connection, int index) {
  if (index > 0) return Obliging(connection, index);
  connection.ReadRequest();
  connection.Write(kOk);
  connection.ReadRequest();
}

TEST_F(CurlHttpClientTest, Row4LoginOverADyingReusedConnectionIsPostedExactlyOnce) {
  ScriptedServer server(DiesAfterReadingTheSecond);
  const auto tenant = TenantAt(server.url());
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/auth/auth")).response.ok());
  const HttpResult result = Fetch(tenant, Post(*tenant, "/auth/login"));
  EXPECT_EQ(ReasonOf(result.response.status()), Reason::kUpstreamUnavailable);
  EXPECT_TRUE(result.body_sent);
  // Anything that was still under way would come before this.
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/auth/auth")).response.ok());
  int logins = 0;
  for (const std::string& request : server.requests()) {
    logins += absl::StrContains(request, "/auth/login") ? 1 : 0;
  }
  EXPECT_EQ(logins, 1);
}

TEST_F(CurlHttpClientTest, Row20RepeatableRequestIsRetriedOnceOnAFreshConnection) {
  ScriptedServer server(DiesAfterReadingTheSecond);
  const auto tenant = TenantAt(server.url());
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/auth/auth")).response.ok());
  HttpRequest request = Post(*tenant, "/auth/session");
  request.repeatable = true;
  const HttpResult result = Fetch(tenant, std::move(request));
  EXPECT_TRUE(result.response.ok()) << result.response.status();
  EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST_F(CurlHttpClientTest, Row20RetryThatDiesTooIsTheEnd) {
  ScriptedServer server([](ScriptedConnection& connection, int index) {
    if (connection.ReadRequest().empty() || index > 0) return;
    connection.Write(kOk);
    connection.ReadRequest();
  });
  const auto tenant = TenantAt(server.url());
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/auth/auth")).response.ok());
  HttpRequest request = Post(*tenant, "/auth/session");
  request.repeatable = true;
  EXPECT_EQ(ReasonOf(Fetch(tenant, std::move(request)).response.status()),
            Reason::kUpstreamUnavailable);
  EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST_F(CurlHttpClientTest, Row20FreshConnectionThatDiesIsNotRetried) {
  ScriptedServer server([](ScriptedConnection& connection, int) { connection.ReadRequest(); });
  const auto tenant = TenantAt(server.url());
  HttpRequest request = Post(*tenant, "/auth/session");
  request.repeatable = true;
  EXPECT_FALSE(Fetch(tenant, std::move(request)).response.ok());
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST_F(CurlHttpClientTest, Row20BegunResponseThatDiesIsNotRetried) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(kOk);
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
  });
  const auto tenant = TenantAt(server.url());
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/auth/auth")).response.ok());
  HttpRequest request = Post(*tenant, "/auth/session");
  request.repeatable = true;
  EXPECT_FALSE(Fetch(tenant, std::move(request)).response.ok());
  EXPECT_THAT(server.requests(), SizeIs(2));
}

TEST_F(CurlHttpClientTest, Row16BodyOf64KiBIsAccepted) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(HttpText(200, "", std::string(64 * 1024, 'x')));
  });
  const auto tenant = TenantAt(server.url());
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  ASSERT_TRUE(result.response.ok()) << result.response.status();
  EXPECT_EQ(result.response->body.size(), 64U * 1024);
}

TEST_F(CurlHttpClientTest, Row16BodyDeclaredOneByteOver64KiBIsMalformed) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(HttpText(200, "", std::string(64 * 1024 + 1, 'x')));
    connection.AwaitHangUp();
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamMalformed);
}

TEST_F(CurlHttpClientTest, Row16EndlessChunkedBodyIsCutOff) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    while (connection.Write(chunk)) {
    }
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamMalformed);
}

TEST_F(CurlHttpClientTest, Row16EndlessHeaderIsCutOff) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\n");
    while (connection.Write("X: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamMalformed);
}

TEST_F(CurlHttpClientTest, Row16EncodedBodyIsRefused) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(HttpText(200, "Content-Encoding: gzip\r\n", "zzz"));
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamMalformed);
}

TEST_F(CurlHttpClientTest, HeadersOfInterimResponsesAndTrailersAreNotTheResponses) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(
        "HTTP/1.1 103 Early\r\nSession: early\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\n{}\r\n0\r\nSession: late\r\n\r\n");
  });
  const auto tenant = TenantAt(server.url());
  const HttpResult result = Fetch(tenant, Post(*tenant, "/a"));
  ASSERT_TRUE(result.response.ok()) << result.response.status();
  EXPECT_EQ(result.response->status, 200);
  ASSERT_THAT(result.response->headers, SizeIs(1));
  EXPECT_EQ(result.response->headers[0].name, "Transfer-Encoding");
}

TEST_F(CurlHttpClientTest, WhatIsNotHttpIsMalformed) {
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("220 smtp.example ESMTP\r\n");
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamMalformed);
}

TEST_F(CurlHttpClientTest, Row19RedirectIsHandedBackAndNotFollowed) {
  ScriptedServer other(Obliging);
  ScriptedServer server([&other](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write(HttpText(302, "Location: " + other.url() + "/\r\n", ""));
  });
  const auto tenant = TenantAt(server.url());
  HttpRequest request = Post(*tenant, "/auth/logout");
  request.method = HttpRequest::Method::kGet;
  request.headers.push_back({"Session", Secret::Copy("jwt")});
  const HttpResult result = Fetch(tenant, std::move(request));
  ASSERT_TRUE(result.response.ok());
  EXPECT_EQ(result.response->status, 302);
  EXPECT_EQ(other.connections(), 0);
}

TEST_F(CurlHttpClientTest, HeaderValueThatWouldBeginAnotherLineIsNotSent) {
  ScriptedServer server(Obliging);
  const auto tenant = TenantAt(server.url());
  HttpRequest request = Post(*tenant, "/a");
  request.headers.push_back({"Platform", Secret::Copy("Cms\r\nX: y")});
  EXPECT_FALSE(Fetch(tenant, std::move(request)).response.ok());
  EXPECT_THAT(server.requests(), SizeIs(0));
}

class SlowServerTest : public HttpFixture {
 protected:
  SlowServerTest() : HttpFixture({.slow_window = absl::Milliseconds(50), .slow_bytes = 100}) {}
};

TEST_F(SlowServerTest, Row17DrippingResponseIsCutOff) {
  // The first bytes come, then none: the slowest drip.
  ScriptedServer server([](ScriptedConnection& connection, int) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
    connection.AwaitHangUp();
  });
  const auto tenant = TenantAt(server.url());
  EXPECT_EQ(ReasonOf(Fetch(tenant, Post(*tenant, "/a")).response.status()),
            Reason::kUpstreamUnavailable);
}

// The environment and the home directory are the process's: each such test has one of its own.
class InheritedSettingsTest : public HttpFixture {};

TEST_F(InheritedSettingsTest, Row22ProxyOfTheEnvironmentIsNotHonoured) {
  ScriptedServer proxy(Obliging);
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.url().c_str(), 1);
  }
  ScriptedServer server(Obliging);
  const auto tenant = TenantAt(server.url());
  EXPECT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  EXPECT_EQ(proxy.connections(), 0);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(InheritedSettingsTest, Row22ConfiguredProxyIsUsedInSpiteOfNoProxy) {
  setenv("no_proxy", "*", 1);
  ScriptedServer proxy(Obliging);
  const auto tenant = TenantAt("http://upstream.example");
  tenant->proxy = proxy.url();
  EXPECT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  unsetenv("no_proxy");
  ASSERT_THAT(proxy.requests(), SizeIs(1));
  EXPECT_THAT(proxy.requests()[0], HasSubstr("POST http://upstream.example/a HTTP/1.1"));
}

TEST_F(InheritedSettingsTest, Row22NetrcIsNotHonoured) {
  const std::string home = testing::TempDir() + "/credbroker_netrc_home";
  mkdir(home.c_str(), 0700);  // May be there from the run before.
  std::ofstream(home + "/.netrc") << "default login alice password canary\n";
  setenv("HOME", home.c_str(), 1);
  ScriptedServer server(Obliging);
  const auto tenant = TenantAt(server.url());
  ASSERT_TRUE(Fetch(tenant, Post(*tenant, "/a")).response.ok());
  EXPECT_THAT(server.requests()[0], Not(HasSubstr("Authorization")));
}

}  // namespace
}  // namespace credbroker
