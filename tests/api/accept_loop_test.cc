#include "service/api/accept_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

constexpr absl::Duration kLongestWait = absl::Seconds(30);

class AcceptLoopTest : public testing::Test {
 protected:
  ~AcceptLoopTest() override {
    loop_.reset();
    for (const int fd : clients_) close(fd);
    for (const int fd : accepted_) close(fd);
  }

  void Serve(const ConnectionLimits& limits) {
    auto listener = TcpListener::Open("127.0.0.1", 0);
    ASSERT_TRUE(listener.ok()) << listener.status();
    loop_ = std::make_unique<AcceptLoop>(*std::move(listener), limits, [this](int fd) {
      absl::MutexLock lock(&mutex_);
      accepted_.push_back(fd);
    });
  }

  // Not connected yet; its address is settled.
  int NewClient() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    clients_.push_back(fd);
    sockaddr_in from = {};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)), 0);
    return fd;
  }
  void Connect(int fd) const {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(loop_->port()));
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }
  int Connect() {
    const int fd = NewClient();
    Connect(fd);
    return fd;
  }

  // Waits until as many have been handed over.
  bool HandedOver(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto there = [&] { return accepted_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&there), kLongestWait);
  }
  // Waits until the server has closed the connection.
  static bool IsClosed(int fd) {
    pollfd awaited = {fd, POLLIN, 0};
    char byte;
    return poll(&awaited, 1, static_cast<int>(absl::ToInt64Milliseconds(kLongestWait))) == 1 &&
           read(fd, &byte, 1) <= 0;
  }
  void CloseAccepted(size_t index) {
    absl::MutexLock lock(&mutex_);
    close(accepted_[index]);
    accepted_.erase(accepted_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  std::unique_ptr<AcceptLoop> loop_;
  std::vector<int> clients_;
  absl::Mutex mutex_;
  std::vector<int> accepted_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(AcceptLoopTest, HandsOverWhatIsWithinTheLimitAndClosesTheRestAtOnce) {
  Serve({.connections = 2, .connections_per_peer = {}});
  Connect();
  Connect();
  ASSERT_TRUE(HandedOver(2));
  EXPECT_TRUE(IsClosed(Connect()));
  EXPECT_TRUE(IsClosed(Connect()));
  CloseAccepted(0);
  // Whoever comes within 10 ms of the last sweep may be turned away.
  const absl::Time end = absl::Now() + kLongestWait;
  while (absl::Now() < end) {
    const int fd = Connect();
    pollfd closed = {fd, POLLIN, 0};
    if (poll(&closed, 1, 10) == 0) break;
  }
  EXPECT_TRUE(HandedOver(2));
}

TEST_F(AcceptLoopTest, OneAddressHasItsOwnLimit) {
  Serve({.connections = {}, .connections_per_peer = 1});
  Connect();
  ASSERT_TRUE(HandedOver(1));
  EXPECT_TRUE(IsClosed(Connect()));
}

TEST_F(AcceptLoopTest, WhoIsLetPastIsBeyondTheLimitsOnceAndCountsForNone) {
  Serve({.connections = 1, .connections_per_peer = 1});
  const int first = NewClient();
  loop_->LetPast(OwnAddressOf(first));
  Connect(first);
  ASSERT_TRUE(HandedOver(1));
  Connect();
  ASSERT_TRUE(HandedOver(2)) << "the first one does not count";
  EXPECT_TRUE(IsClosed(Connect()));
  const int second = NewClient();
  loop_->LetPast(OwnAddressOf(second));
  EXPECT_TRUE(IsClosed(Connect())) << "it is another one's";
  Connect(second);
  EXPECT_TRUE(HandedOver(3));
}

TEST_F(AcceptLoopTest, NothingIsHandedOverOnceItHasStopped) {
  Serve({});
  Connect();
  ASSERT_TRUE(HandedOver(1));
  EXPECT_TRUE(loop_->Stop());
  EXPECT_FALSE(loop_->Stop());
  const int fd = NewClient();
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(loop_->port()));
  EXPECT_NE(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
}

}  // namespace
}  // namespace credbroker
