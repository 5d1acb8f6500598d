// What becomes of requests to hosts whose name takes long to resolve.

#include <dlfcn.h>
#include <netdb.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

#include "tests/upstream/http_fixture.h"

namespace credbroker {
namespace {

constexpr char kSlowHost[] = "slow.resolver.test";

// Until it is notified, nobody learns the address of kSlowHost.
absl::Notification* resolver_answers = nullptr;

}  // namespace
}  // namespace credbroker

// Takes the place of the C library's for this program, libcurl included.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** addresses) {
  using credbroker::resolver_answers;
  if (host != nullptr && resolver_answers != nullptr &&
      absl::string_view(host) == credbroker::kSlowHost) {
    resolver_answers->WaitForNotification();
    return EAI_AGAIN;
  }
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(host, service, hints, addresses);
}

namespace credbroker {
namespace {

TEST(SlowResolverTest, Row2HoldsUpNobodyElse) {
  // Threads that libcurl has left behind still wait for it when the test is over.
  auto& answers = *new absl::Notification;
  resolver_answers = &answers;
  InitializeCurl();
  EventLoop loop(SystemClock(), "test-loop");
  CurlHttpClient client(loop, "credbroker/test", {});
  ScriptedServer server([](ScriptedConnection& connection, int) {
    while (!connection.ReadRequest().empty() && connection.Write(HttpText(200, "", "{}"))) {
    }
  });
  HttpResult slow;
  HttpResult other;
  absl::Notification slow_ended;
  absl::Notification other_ended;
  const auto send = [&](const std::string& name, const std::string& url, absl::Duration timeout,
                        HttpResult& result, absl::Notification& ended) {
    auto tenant = std::make_shared<Tenant>();
    tenant->name = name;
    tenant->base_url = url;
    HttpRequest request;
    request.url = url + "/auth/auth";
    request.timeout = timeout;
    client.Send(std::move(tenant), std::move(request), [&](HttpResult got) {
      result = std::move(got);
      ended.Notify();
    });
  };
  loop.Post([&] {
    send("slow", absl::StrCat("http://", kSlowHost), absl::Milliseconds(20), slow, slow_ended);
  });
  // The resolver says nothing all the while.
  EXPECT_TRUE(slow_ended.WaitForNotificationWithTimeout(absl::Seconds(20)))
      << "the request waits for the resolver";
  loop.Post([&] { send("other", server.url(), absl::Seconds(20), other, other_ended); });
  EXPECT_TRUE(other_ended.WaitForNotificationWithTimeout(absl::Seconds(20)))
      << "the loop waits for the resolver";
  answers.Notify();
  slow_ended.WaitForNotification();
  other_ended.WaitForNotification();
  EXPECT_EQ(ReasonOf(slow.response.status()), Reason::kUpstreamUnavailable);
  EXPECT_TRUE(other.response.ok()) << other.response.status();
  loop.Stop();
}

}  // namespace
}  // namespace credbroker
