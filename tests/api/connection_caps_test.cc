#include "service/api/connection_caps.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

using Verdict = ConnectionCaps::Verdict;

class ConnectionCapsTest : public testing::Test {
 protected:
  ~ConnectionCapsTest() override {
    for (const int fd : open_) close(fd);
  }

  int NewSocket() {
    open_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return open_.back();
  }
  void Close(int fd) {
    close(fd);
    open_.erase(std::find(open_.begin(), open_.end(), fd));
  }
  // Of another socket, at a moment when a sweep may be.
  Verdict Admit(ConnectionCaps& caps, const std::string& peer = "192.0.2.1") {
    now_ = now_ + absl::Milliseconds(10);
    return caps.Admit(NewSocket(), peer, now_);
  }

  Instant now_;
  std::vector<int> open_;
};

TEST_F(ConnectionCapsTest, WithoutLimitsNothingIsCounted) {
  ConnectionCaps caps({});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Admit(caps), Verdict::kAdmitted);
  EXPECT_EQ(caps.counted(), 0);
}

TEST_F(ConnectionCapsTest, UpToTheLimitAndNotOneMore) {
  ConnectionCaps caps({.connections = 3, .connections_per_peer = {}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Admit(caps), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps), Verdict::kTooMany);
  EXPECT_EQ(Admit(caps, "192.0.2.2"), Verdict::kTooMany);
  EXPECT_EQ(caps.counted(), 3);
}

TEST_F(ConnectionCapsTest, OnePeersLimitIsNotAnothers) {
  ConnectionCaps caps({.connections = 5, .connections_per_peer = 2});
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "a"), Verdict::kTooManyOfPeer);
  EXPECT_EQ(Admit(caps, "b"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "b"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "c"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "d"), Verdict::kTooMany);
}

TEST_F(ConnectionCapsTest, AClosedConnectionMakesRoom) {
  ConnectionCaps caps({.connections = 3, .connections_per_peer = 2});
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted);
  const int second = open_.back();
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted);
  EXPECT_EQ(Admit(caps, "b"), Verdict::kAdmitted);
  // Held, so that no later socket gets the number.
  const int placeholder = dup(STDERR_FILENO);
  dup2(placeholder, second);
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted) << "the number belongs to what is no socket";
  EXPECT_EQ(Admit(caps, "a"), Verdict::kTooMany);
  close(placeholder);
}

TEST_F(ConnectionCapsTest, ANumberThatAnotherSocketHasTakenOverCountsForNobody) {
  ConnectionCaps caps({.connections = 1, .connections_per_peer = {}});
  EXPECT_EQ(Admit(caps), Verdict::kAdmitted);
  const int first = open_.back();
  const int other = NewSocket();
  dup2(other, first);
  EXPECT_EQ(Admit(caps), Verdict::kAdmitted);
  EXPECT_EQ(caps.counted(), 1);
  EXPECT_EQ(Admit(caps), Verdict::kTooMany);
}

TEST_F(ConnectionCapsTest, ANumberThatIsAcceptedAgainIsCountedOnce) {
  ConnectionCaps caps({.connections = 2, .connections_per_peer = 2});
  EXPECT_EQ(Admit(caps, "a"), Verdict::kAdmitted);
  const int fd = open_.back();
  for (int i = 0; i < 10; ++i) {
    Close(fd);
    ASSERT_EQ(NewSocket(), fd);
    EXPECT_EQ(caps.Admit(fd, "b", now_), Verdict::kAdmitted);
  }
  EXPECT_EQ(caps.counted(), 1);
}

TEST_F(ConnectionCapsTest, SweepsAreRare) {
  ConnectionCaps caps({.connections = 1, .connections_per_peer = {}});
  EXPECT_EQ(Admit(caps), Verdict::kAdmitted);
  const int first = open_.back();
  EXPECT_EQ(Admit(caps), Verdict::kTooMany);
  dup2(STDERR_FILENO, first);
  const int next = NewSocket();
  EXPECT_EQ(caps.Admit(next, "a", now_ + absl::Milliseconds(9)), Verdict::kTooMany);
  EXPECT_EQ(caps.Admit(next, "a", now_ + absl::Milliseconds(10)), Verdict::kAdmitted);
}

}  // namespace
}  // namespace credbroker
