#include "service/main/file_fingerprints.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/clock.h"
#include "tests/fakes/fake_random.h"
#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

class FileFingerprintsTest : public testing::Test {
 protected:
  std::string Of(const std::string& file) { return fingerprints_.Of(file, now_); }

  FakeRandom random_;
  FileFingerprints fingerprints_{random_};
  absl::Time now_ = SystemClock().Wall();
  TemporaryFolder folder_;
};

TEST_F(FileFingerprintsTest, SameContentIsTheSameWhateverFileItIsIn) {
  const std::string a = folder_.Write("a", "one");
  const std::string b = folder_.Write("b", "one");
  EXPECT_EQ(Of(a), Of(b));
  EXPECT_NE(Of(a), Of(folder_.Write("c", "two")));
  const std::string before = Of(a);
  folder_.Write("a", "two");
  EXPECT_NE(Of(a), before);
  folder_.Write("a", "one");
  EXPECT_EQ(Of(a), before);
}

// Written within one tick of the file system's clock, with the same size.
TEST_F(FileFingerprintsTest, ChangesWithinAMomentAreSeen) {
  const std::string file = folder_.Write("a", "0000");
  std::string last = Of(file);
  for (int i = 1; i < 500; ++i) {
    char content[8];
    std::snprintf(content, sizeof(content), "%04d", i);
    std::ofstream(file) << content;
    const std::string next = Of(file);
    EXPECT_NE(next, last) << i;
    last = next;
  }
}

// As Kubernetes does it: a link to a folder is replaced by another, and no file is written.
TEST_F(FileFingerprintsTest, Row32SwapOfALinkToAFolderIsSeen) {
  const std::string one = folder_.Path("one");
  const std::string two = folder_.Path("two");
  ASSERT_EQ(mkdir(one.c_str(), 0700), 0);
  ASSERT_EQ(mkdir(two.c_str(), 0700), 0);
  folder_.Write("one/a", "one");
  folder_.Write("two/a", "two");
  const std::string data = folder_.Path("..data");
  ASSERT_EQ(symlink("one", data.c_str()), 0);
  const std::string file = folder_.Path("a");
  ASSERT_EQ(symlink("..data/a", file.c_str()), 0);
  now_ += absl::Minutes(1);  // Its stamps are all that is looked at.
  const std::string before = Of(file);
  EXPECT_EQ(Of(file), before);
  const std::string next = folder_.Path("..next");
  ASSERT_EQ(symlink("two", next.c_str()), 0);
  ASSERT_EQ(rename(next.c_str(), data.c_str()), 0);
  EXPECT_EQ(Of(file), Of(folder_.Path("two/a")));
  EXPECT_NE(Of(file), before);
  unlink(file.c_str());
  unlink(data.c_str());
  unlink(folder_.Path("one/a").c_str());
  unlink(folder_.Path("two/a").c_str());
  rmdir(one.c_str());
  rmdir(two.c_str());
}

TEST_F(FileFingerprintsTest, WhatIsNotThereHasOneToo) {
  EXPECT_EQ(Of(folder_.Path("none")), Of(folder_.Path("nothing")));
  EXPECT_NE(Of(folder_.Path("none")), Of(folder_.Write("empty", "")));
  EXPECT_NE(Of(folder_.path()), Of(folder_.Path("none")));
}

TEST_F(FileFingerprintsTest, AFifoIsNotReadAndHoldsNobodyUp) {
  const std::string fifo = folder_.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Of(fifo), Of(fifo));
  unlink(fifo.c_str());
}

TEST_F(FileFingerprintsTest, AnotherKeyGivesOtherFingerprints) {
  const std::string file = folder_.Write("a", "one");
  FileFingerprints others(random_);
  EXPECT_NE(Of(file), others.Of(file, now_));
}

TEST_F(FileFingerprintsTest, ForgettingChangesNothing) {
  const std::string file = folder_.Write("a", "one");
  const std::string before = Of(file);
  fingerprints_.EndRound();
  fingerprints_.EndRound();
  EXPECT_EQ(Of(file), before);
}

}  // namespace
}  // namespace credbroker
