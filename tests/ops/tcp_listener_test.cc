#include "service/ops/tcp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/ops/loopback_client.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

TEST(TcpListenerTest, APortThatIsTakenIsRefused) {
  const auto first = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_GT((*first)->port(), 0);
  const auto second = TcpListener::Open("127.0.0.1", (*first)->port());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
}

TEST(TcpListenerTest, WhatIsNoAddressIsRefused) {
  for (const auto& [host, port] : std::vector<std::pair<std::string, int>>{
           {"127.0.0.1", -1}, {"127.0.0.1", 65536}, {"300.1.1.1", 0}, {"[::1]", 0}})
    EXPECT_EQ(TcpListener::Open(host, port).status().code(), absl::StatusCode::kInvalidArgument)
        << host << " " << port;
}

TEST(TcpListenerTest, StopEndsAnAcceptThatWaitsAndAllLaterOnes) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok()) << listener.status();
  int accepted = 0;
  std::thread thread([&] { accepted = (*listener)->Accept(); });
  (*listener)->Stop();
  thread.join();
  EXPECT_EQ(accepted, -1);
  EXPECT_EQ((*listener)->Accept(), -1);
}

TEST(TcpListenerTest, ConnectionsSendWithoutDelay) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const int client = ConnectToLoopback((*listener)->port());
  const int accepted = (*listener)->Accept();
  ASSERT_GE(accepted, 0);
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ASSERT_EQ(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
  close(accepted);
  close(client);
}

sockaddr_storage AddressOf(const std::string& text) {
  sockaddr_storage address = {};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(address);
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET, text.c_str(), &ipv4.sin_addr) == 1) {
    address.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &ipv6.sin6_addr) == 1) {
    address.ss_family = AF_INET6;
  }
  return address;
}

TEST(IsLoopbackTest, AddressesOfThisMachineAlone) {
  for (const char* text : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IsLoopback(AddressOf(text))) << text;
}

TEST(IsLoopbackTest, EverythingElseIsNot) {
  for (const char* text :
       {"126.255.255.255", "128.0.0.1", "1.0.0.127", "0.0.0.0", "10.0.0.1", "::", "::2", "fd00::2",
        "fe80::1", "::127.0.0.1", "::ffff:128.0.0.1", "::ffff:1.0.0.127", "7f00::1", "1::1", ""})
    EXPECT_FALSE(IsLoopback(AddressOf(text))) << text;
}

TEST(TcpListenerTest, APeerWhoIsNotWelcomeIsClosedAndTheNextOneServed) {
  const auto listener = TcpListener::Open("127.0.0.1", 0, IsLoopback);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const int stranger = ConnectToLoopbackFromOutside((*listener)->port());
  if (stranger < 0) GTEST_SKIP() << "this machine has no address beside loopback's";
  const int local = ConnectToLoopback((*listener)->port());
  const int accepted = (*listener)->Accept();
  ASSERT_GE(accepted, 0);
  char byte = 0;
  EXPECT_EQ(read(stranger, &byte, 1), 0);
  EXPECT_EQ(write(accepted, "x", 1), 1);
  EXPECT_EQ(read(local, &byte, 1), 1);
  for (const int fd : {stranger, local, accepted}) close(fd);
}

TEST(TcpListenerTest, RunningOutOfFileDescriptorsCostsAMomentNotTheListener) {
  const auto listener = TcpListener::Open("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const int client = ConnectToLoopback((*listener)->port());

  // Made beforehand: starting a thread may need descriptors too.
  absl::Notification exhausted;
  std::atomic<bool> started = false;
  std::atomic<bool> ended = false;
  int accepted = -1;
  std::thread thread([&] {
    exhausted.WaitForNotification();
    started = true;
    accepted = (*listener)->Accept();
    ended = true;
  });

  // The lowest descriptor that is free becomes the limit, so that none is left.
  const int next = dup(client);
  close(next);
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit lowered = limit;
  lowered.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  EXPECT_LT(dup(client), 0);
  exhausted.Notify();
  // Nothing shows from outside that an accept has failed, so give it the time to.
  for (int i = 0; i < 10000 || !started; ++i) std::this_thread::yield();
  EXPECT_FALSE(ended);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  thread.join();
  EXPECT_GE(accepted, 0);
  close(accepted);
  close(client);
}

}  // namespace
}  // namespace credbroker
