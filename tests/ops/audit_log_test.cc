#include "service/ops/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#include "service/base/clock.h"
#include "service/model/failure.h"
#include "tests/fakes/manual_loop.h"

namespace credbroker {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kTick = absl::Nanoseconds(1);

class AuditLogTest : public testing::Test {
 protected:
  // What came of one awaited event.
  struct Outcome {
    absl::Notification done;
    absl::Status status;

    std::optional<Reason> Wait() {
      EXPECT_TRUE(done.WaitForNotificationWithTimeout(kPatience));
      return ReasonOf(status);
    }
    bool Written() { return !Wait().has_value() && status.ok(); }
  };

  AuditLogTest() {
    std::string pattern = absl::StrCat(testing::TempDir(), "/auditXXXXXX");
    folder_ = mkdtemp(pattern.data());
    file_ = absl::StrCat(folder_, "/audit.jsonl");
  }

  void Open(const std::string& file) {
    log_ = std::make_unique<AuditLog>(AuditOptions{file, false}, loop_);
  }
  static AuditEvent About(const std::string& principal) {
    AuditEvent event;
    event.principal = principal;
    return event;
  }
  std::shared_ptr<Outcome> Append(const std::string& principal) {
    auto outcome = std::make_shared<Outcome>();
    log_->Append(About(principal), [outcome](absl::Status status) {
      outcome->status = std::move(status);
      outcome->done.Notify();
    });
    return outcome;
  }

  // The principals of the lines, each of which must be whole.
  static std::vector<std::string> PrincipalsIn(const std::string& text) {
    std::vector<std::string> principals;
    EXPECT_TRUE(text.empty() || text.back() == '\n');
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const json event = json::parse(line, nullptr, /*allow_exceptions=*/false);
      principals.push_back(event.is_object() ? event["principal"].get<std::string>()
                                             : absl::StrCat("not a line: ", line));
    }
    return principals;
  }
  static std::string Read(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  std::vector<std::string> Principals() const { return PrincipalsIn(Read(file_)); }

  // A FIFO that is full, with a reader that reads only when it is told to. Returns that one.
  int MakeHungFifo() {
    EXPECT_EQ(mkfifo(file_.c_str(), 0600), 0);
    const int reader = open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    filler_ = open(file_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    const std::string filling(512, '\n');
    while (write(filler_, filling.data(), filling.size()) > 0) {
    }
    return reader;
  }
  void AppendHundred() {
    for (int i = 0; i < 100; ++i) log_->Append(About(absl::StrCat("number ", i)));
  }

  ManualLoop loop_;
  // Of the hung FIFO.
  int filler_ = -1;
  std::string folder_;
  std::string file_;
  std::unique_ptr<AuditLog> log_;
};

TEST_F(AuditLogTest, WhoIsToldOkFindsTheLineInTheFile) {
  Open(file_);
  ASSERT_TRUE(Append("one")->Written());
  EXPECT_THAT(Principals(), ElementsAre("one"));
  ASSERT_TRUE(Append("two")->Written());
  EXPECT_THAT(Principals(), ElementsAre("one", "two"));
}

TEST_F(AuditLogTest, TheFileIsForItsOwnerAlone) {
  Open(file_);
  ASSERT_TRUE(Append("one")->Written());
  struct stat found = {};
  ASSERT_EQ(stat(file_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(AuditLogTest, WithoutOptionsNothingIsRecordedAndNobodyWaits) {
  log_ = std::make_unique<AuditLog>(std::nullopt, loop_);
  EXPECT_FALSE(log_->on());
  const auto outcome = Append("one");
  EXPECT_TRUE(outcome->done.HasBeenNotified());
  EXPECT_TRUE(outcome->status.ok());
}

TEST_F(AuditLogTest, LinesOfManyThreadsAreWholeAndAllThere) {
  Open(file_);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(Append("many")->Written());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Principals(), std::vector<std::string>(2000, "many"));
}

TEST_F(AuditLogTest, WhatIsLeftIsWrittenAtTheEnd) {
  Open(file_);
  for (int i = 0; i < 3000; ++i) log_->Append(About("late"));
  log_ = nullptr;
  EXPECT_EQ(Principals(), std::vector<std::string>(3000, "late"));
}

TEST_F(AuditLogTest, ASinkThatFailsRefusesAtOnce) {
  Open("/dev/full");
  const auto refused = Append("one");
  EXPECT_EQ(refused->Wait(), Reason::kAuditUnavailable);
  EXPECT_EQ(RetryAfterOf(refused->status), absl::Seconds(1));
  Open(folder_);
  EXPECT_EQ(Append("two")->Wait(), Reason::kAuditUnavailable);
  Open(absl::StrCat(folder_, "/none/audit.jsonl"));
  EXPECT_EQ(Append("three")->Wait(), Reason::kAuditUnavailable);
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  Open(file_);
  EXPECT_EQ(Append("four")->Wait(), Reason::kAuditUnavailable);
}

TEST_F(AuditLogTest, RecoversByItselfAndThenTellsWhatNobodyWaitedFor) {
  ASSERT_EQ(symlink("/dev/full", file_.c_str()), 0);
  Open(file_);
  EXPECT_EQ(Append("refused")->Wait(), Reason::kAuditUnavailable);
  log_->Append(About("kept"));
  ASSERT_EQ(unlink(file_.c_str()), 0);
  ASSERT_TRUE(Append("written")->Written());
  EXPECT_THAT(Principals(), ElementsAre("kept", "written"));
}

TEST_F(AuditLogTest, ASinkThatTakesNothingForExactlyOneSecondRefuses) {
  const int reader = MakeHungFifo();
  Open(file_);
  AppendHundred();
  const auto hung = Append("hung");
  loop_.RunPosted();
  loop_.Advance(AuditLog::kPatience - kTick);
  EXPECT_FALSE(hung->done.HasBeenNotified());
  loop_.Advance(kTick);
  ASSERT_TRUE(hung->done.HasBeenNotified());
  EXPECT_EQ(hung->Wait(), Reason::kAuditUnavailable);
  // The next need not wait.
  const auto next = Append("next");
  ASSERT_TRUE(next->done.HasBeenNotified());
  EXPECT_EQ(next->Wait(), Reason::kAuditUnavailable);
  close(filler_);
  close(reader);
}

TEST_F(AuditLogTest, GoesOnWhereASinkThatHungLeftOff) {
  const int reader = MakeHungFifo();
  Open(file_);
  AppendHundred();
  const auto hung = Append("hung");
  loop_.RunPosted();
  loop_.Advance(AuditLog::kPatience);
  EXPECT_EQ(hung->Wait(), Reason::kAuditUnavailable);
  std::string text;
  std::thread reading([&] {
    fcntl(reader, F_SETFL, 0);
    char bytes[512];
    for (ssize_t n = 1; n > 0;) {
      n = read(reader, bytes, sizeof bytes);
      if (n > 0) text.append(bytes, static_cast<size_t>(n));
    }
  });
  // Refused until the writer has seen that the sink takes lines again.
  const Instant end = SystemClock().Steady() + kPatience;
  while (!Append("after")->Written()) ASSERT_LT(SystemClock().Steady(), end);
  log_ = nullptr;
  close(filler_);
  reading.join();
  std::vector<std::string> principals = PrincipalsIn(text);
  ASSERT_FALSE(principals.empty());
  EXPECT_EQ(principals.back(), "after");
  // It may have been on its way into the sink when it was refused.
  principals.erase(std::remove(principals.begin(), principals.end(), "hung"), principals.end());
  ASSERT_EQ(principals.size(), 101u);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(principals[static_cast<size_t>(i)], absl::StrCat("number ", i));
  close(reader);
}

TEST_F(AuditLogTest, ASinkThatHangsDoesNotHoldUpTheEnd) {
  const int reader = MakeHungFifo();
  Open(file_);
  AppendHundred();
  log_ = nullptr;
  close(filler_);
  close(reader);
}

TEST_F(AuditLogTest, WhatIsNotAwaitedLeavesRoomForWhatIsAndIsCountedWhenLost) {
  Open("/dev/full");
  for (size_t i = 0; i < AuditLog::kMostUnawaited; ++i) log_->Append(About("kept"));
  EXPECT_EQ(log_->lost(), 0u);
  for (int i = 0; i < 7; ++i) log_->Append(About("lost"));
  EXPECT_EQ(log_->lost(), 7u);
  // Tried, and not merely refused for want of room.
  EXPECT_EQ(Append("awaited")->Wait(), Reason::kAuditUnavailable);
  log_->Use(AuditOptions{file_, false});
  ASSERT_TRUE(Append("awaited")->Written());
  EXPECT_EQ(Principals().size(), AuditLog::kMostUnawaited + 1);
}

TEST_F(AuditLogTest, GoesOnInANewFileWhenTheOldOneIsRenamed) {
  Open(file_);
  ASSERT_TRUE(Append("old")->Written());
  const std::string renamed = absl::StrCat(file_, ".1");
  ASSERT_EQ(rename(file_.c_str(), renamed.c_str()), 0);
  ASSERT_TRUE(Append("still old")->Written());
  log_->Reopen();
  ASSERT_TRUE(Append("new")->Written());
  EXPECT_THAT(PrincipalsIn(Read(renamed)), ElementsAre("old", "still old"));
  EXPECT_THAT(Principals(), ElementsAre("new"));
}

TEST_F(AuditLogTest, CanBeTurnedOffAndOn) {
  Open(file_);
  ASSERT_TRUE(Append("on")->Written());
  log_->Use(std::nullopt);
  EXPECT_FALSE(log_->on());
  ASSERT_TRUE(Append("off")->Written());
  log_->Use(AuditOptions{file_, false});
  ASSERT_TRUE(Append("on again")->Written());
  EXPECT_THAT(Principals(), ElementsAre("on", "on again"));
}

TEST_F(AuditLogTest, ALineThatACrashCutShortDoesNotSpoilTheNext) {
  std::ofstream(file_) << R"({"time":"20)";
  Open(file_);
  ASSERT_TRUE(Append("one")->Written());
  const std::vector<std::string> lines = absl::StrSplit(Read(file_), '\n');
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], R"({"time":"20)");
  EXPECT_THAT(PrincipalsIn(lines[1] + "\n"), ElementsAre("one"));
  EXPECT_THAT(lines[2], IsEmpty());
}

TEST_F(AuditLogTest, GoesToStandardOutputIfAsked) {
  const int saved = dup(STDOUT_FILENO);
  const int file = open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
  log_ = std::make_unique<AuditLog>(AuditOptions{"", true}, loop_);
  EXPECT_TRUE(Append("one")->Written());
  log_ = nullptr;
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(file);
  EXPECT_THAT(Principals(), ElementsAre("one"));
}

}  // namespace
}  // namespace credbroker
