#include "service/api/accept_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/clock.h"
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
  bool IsHandedOver(size_t count) {
    absl::MutexLock lock(&mutex_);
    return accepted_.size() >= count;
  }
  static bool Comes(absl::FunctionRef<bool()> met) {
    const absl::Time end = absl::Now() + kLongestWait;
    while (!met()) {
      if (absl::Now() > end) return false;
      std::this_thread::yield();
    }
    return true;
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

// The process may have 128 descriptors, so that 96 is the first of those that are kept.
class AcceptLoopRow40 : public AcceptLoopTest {
 protected:
  AcceptLoopRow40() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 128;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Serve({});
  }
  ~AcceptLoopRow40() override { setrlimit(RLIMIT_NOFILE, &before_); }

  void CloseAll() {
    for (const int fd : clients_) close(fd);
    clients_.clear();
    absl::MutexLock lock(&mutex_);
    for (const int fd : accepted_) close(fd);
    accepted_.clear();
  }

  rlimit before_;
};

TEST_F(AcceptLoopRow40, ConnectionsLeaveAQuarterOfTheDescriptorsToOthers) {
  size_t count = 0;
  for (bool is_closed = false; !is_closed && count < 128;) {
    const int fd = Connect();
    ASSERT_GE(fd, 0);
    ++count;
    // It is handed over or closed.
    ASSERT_TRUE(Comes([&] {
      pollfd closed = {fd, POLLIN, 0};
      is_closed = poll(&closed, 1, 0) == 1;
      return is_closed || IsHandedOver(count);
    }));
  }
  EXPECT_LT(count, 96u);
  EXPECT_TRUE(IsHandedOver(count - 1));
  {
    absl::MutexLock lock(&mutex_);
    for (const int fd : accepted_) EXPECT_LT(fd, 96);
  }
  const int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_GE(other, 96);
  close(other);
  CloseAll();
  Connect();
  EXPECT_TRUE(HandedOver(1));
}

TEST_F(AcceptLoopRow40, AcceptsAgainAfterTheDescriptorsHadRunOut) {
  const int early = NewClient();
  std::vector<int> taken;
  for (int fd = dup(STDERR_FILENO); fd >= 0; fd = dup(STDERR_FILENO)) taken.push_back(fd);
  EXPECT_EQ(errno, EMFILE);
  Connect(early);
  pollfd waits = {early, POLLIN, 0};
  EXPECT_EQ(poll(&waits, 1, 300), 0) << "it waits, neither accepted nor closed";
  for (const int fd : taken) close(fd);
  EXPECT_TRUE(HandedOver(1));
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
