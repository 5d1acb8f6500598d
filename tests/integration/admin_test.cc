// The admin address of a running broker.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

using ::testing::Gt;
using ::testing::Optional;

// A descriptor of the socket that `program` listens with on `port`; -1 if there is none, or if
// this process may not have it.
int ListeningSocketOf(const Program& program, int port) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, program.pid(), 0));
  int found = -1;
  for (int fd = 0; process >= 0 && fd < 256 && found < 0; ++fd) {
    const int copy = static_cast<int>(syscall(SYS_pidfd_getfd, process, fd, 0));
    if (copy < 0) continue;
    sockaddr_in bound = {};
    socklen_t size = sizeof(bound);
    int listens = 0;
    socklen_t flag_size = sizeof(listens);
    const bool named = getsockname(copy, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
                       getsockopt(copy, SOL_SOCKET, SO_ACCEPTCONN, &listens, &flag_size) == 0;
    if (named && listens != 0 && ntohs(bound.sin_port) == port) {
      found = copy;
    } else {
      close(copy);
    }
  }
  if (process >= 0) close(process);
  return found;
}

TEST(Admin, LivezFailsOnceTheListenerIsDeaf) {
  Deployment deployment;
  EXPECT_EQ(deployment.Get("/livez").body, "ok\n");
  int port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(deployment.address().substr(10), &port));
  const int listener = ListeningSocketOf(deployment.broker(), port);
  if (listener < 0) GTEST_SKIP() << "only root may reach into another process";
  shutdown(listener, SHUT_RDWR);
  close(listener);
  EXPECT_TRUE(Eventually([&] { return deployment.Get("/livez").status == 503; }));
  EXPECT_TRUE(deployment.broker().WaitForError("\"failures_in_a_row\":3"));
  EXPECT_EQ(deployment.Get("/readyz").status, 200);
  deployment.broker().Signal(SIGTERM);
  EXPECT_EQ(deployment.broker().WaitForExit().code, 0);
}

// While a drain waits for its calls nobody should kill the process because it accepts no more.
TEST(Admin, LivezHoldsDuringADrain) {
  Deployment deployment;
  deployment.upstream().Arm({{"auth", {{"latency_ms", 1500}}}});
  Answer slow;
  std::jthread call([&] { slow = deployment.NewCaller().GetToken(); });
  ASSERT_TRUE(Eventually([&] { return deployment.upstream().Calls("auth") == 1; }));
  deployment.broker().Signal(SIGTERM);
  // New connections are turned away.
  EXPECT_TRUE(Eventually([&] { return !Caller(deployment.address()).Health().has_value(); }));
  EXPECT_EQ(deployment.Get("/livez").body, "ok\n");
  call.join();
  EXPECT_TRUE(slow.ok()) << slow.Text();
}

TEST(Admin, TheProbeIsNoCallOfTheApi) {
  const Deployment deployment;
  EXPECT_EQ(deployment.Get("/livez").status, 200);
  const Exposition metrics(deployment.Get("/metrics").body);
  for (const auto& [sample, value] : metrics.samples) {
    EXPECT_TRUE(sample.first != "credbroker_rpcs_total" || value == 0);
  }
}

TEST(Admin, MetricsTellWhatHasHappened) {
  const Deployment deployment;
  Caller caller = deployment.NewCaller();
  EXPECT_TRUE(caller.GetToken().ok());
  EXPECT_TRUE(caller.GetToken().ok());
  EXPECT_TRUE(caller.Refresh().ok());
  EXPECT_FALSE(caller.GetToken("nobody").ok());
  const auto counted = [&](const char* name, const Exposition::Labels& labels) {
    return Exposition(deployment.Get("/metrics").body).Value(name, labels);
  };
  // A call is counted once gRPC is done with it, which may be after the caller has the answer.
  EXPECT_TRUE(Eventually([&] {
    return counted("credbroker_rpcs_total", {{"rpc", "GetToken"}, {"code", "NOT_FOUND"}}) == 1;
  }));
  EXPECT_THAT(counted("credbroker_rpcs_total", {{"rpc", "GetToken"}, {"code", "OK"}}), Optional(2));
  EXPECT_THAT(
      counted("credbroker_token_requests_total", {{"tenant", "demo"}, {"outcome", "fetched"}}),
      Optional(1));
  EXPECT_THAT(counted("credbroker_token_requests_total", {{"tenant", "demo"}, {"outcome", "hit"}}),
              Optional(1));
  for (const char* call : {"scram_first", "scram_final", "refresh"}) {
    EXPECT_THAT(counted("credbroker_upstream_requests_total",
                        {{"tenant", "demo"}, {"call", call}, {"outcome", "ok"}}),
                Optional(1))
        << call;
  }
  EXPECT_THAT(counted("credbroker_sessions", {{"tenant", "demo"}, {"state", "live"}}), Optional(1));
  EXPECT_THAT(counted("credbroker_session_remaining_seconds_min", {{"tenant", "demo"}}),
              Optional(Gt(200)));
}

}  // namespace
}  // namespace credbroker
