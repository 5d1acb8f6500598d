#include "service/ops/request_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

class RequestStreamTest : public testing::Test {
 protected:
  RequestStreamTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_.data()), 0);
  }
  ~RequestStreamTest() override {
    close(fds_[0]);
    if (fds_[1] >= 0) close(fds_[1]);
  }

  void Send(const std::string& bytes) {
    ASSERT_EQ(send(fds_[1], bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  static Instant In(absl::Duration duration) { return SystemClock().Steady() + duration; }

  std::array<int, 2> fds_;  // The stream's end, and the client's.
  std::array<char, 64> bytes_;
};

TEST_F(RequestStreamTest, ReadsWhatCameInPiecesOfAnySize) {
  RequestStream stream(fds_[0], In(absl::Seconds(30)), 100);
  Send("GET /");
  EXPECT_EQ(stream.read(bytes_.data(), 1), 1);
  EXPECT_EQ(bytes_[0], 'G');
  EXPECT_TRUE(stream.is_readable());
  EXPECT_EQ(stream.read(bytes_.data(), 64), 4);
  EXPECT_EQ(std::string(bytes_.data(), 4), "ET /");
  close(fds_[1]);
  fds_[1] = -1;
  EXPECT_EQ(stream.read(bytes_.data(), 64), 0) << "the client has ended";
}

TEST_F(RequestStreamTest, ReadingExactlyTheMostBytesWorksAndOneMoreFails) {
  RequestStream stream(fds_[0], In(absl::Seconds(30)), 3);
  Send("1234");
  EXPECT_EQ(stream.read(bytes_.data(), 64), 3);
  EXPECT_LT(stream.read(bytes_.data(), 64), 0);
}

TEST_F(RequestStreamTest, NothingIsReadAfterTheDeadlineEvenIfItIsThere) {
  Send("x");
  RequestStream stream(fds_[0], In(absl::ZeroDuration()), 100);
  EXPECT_LT(stream.read(bytes_.data(), 64), 0);
  EXPECT_LT(stream.write("x", 1), 0);
}

TEST_F(RequestStreamTest, ReadingEndsAtTheDeadline) {
  const Instant deadline = In(absl::Milliseconds(20));
  RequestStream stream(fds_[0], deadline, 100);
  EXPECT_LT(stream.read(bytes_.data(), 64), 0);
  EXPECT_GE(SystemClock().Steady(), deadline);
}

TEST_F(RequestStreamTest, WritingToAClientThatDoesNotReadEndsAtTheDeadline) {
  RequestStream stream(fds_[0], In(absl::Milliseconds(20)), 100);
  const std::string block(65536, 'x');
  ssize_t written = 1;
  while (written > 0) written = stream.write(block.data(), block.size());
  EXPECT_LT(written, 0);
}

TEST_F(RequestStreamTest, DrainingEndsTheAnswerThenReadsToTheEnd) {
  RequestStream stream(fds_[0], In(absl::Seconds(30)), 100);
  Send("a body that nobody wanted");
  shutdown(fds_[1], SHUT_WR);
  stream.Drain();
  EXPECT_EQ(recv(fds_[1], bytes_.data(), bytes_.size(), 0), 0) << "the answer has ended";
  EXPECT_EQ(recv(fds_[0], bytes_.data(), bytes_.size(), 0), 0) << "nothing is left to read";
}

}  // namespace
}  // namespace credbroker
