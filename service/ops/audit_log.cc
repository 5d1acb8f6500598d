#include "service/ops/audit_log.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "service/base/log.h"
#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr absl::Duration kRetryPause = absl::Milliseconds(250);
constexpr size_t kBatchBytes = 64 * 1024;
// For a second.
constexpr int kMostIdleTries = 1000 / AuditFile::kPauseMs;

absl::Status Unavailable() {
  return Failure(Reason::kAuditUnavailable,
                 "the audit log cannot be written, and nothing is handed out unrecorded",
                 absl::Seconds(1));
}

void CallAll(std::vector<AuditSink::Done> waiting, const absl::Status& status) {
  for (AuditSink::Done& done : waiting) done(status);
}

// So that a pipe whose reader has gone is an error and not a signal.
void BlockSignalsInThisThread() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

AuditLog::AuditLog(std::optional<AuditOptions> options, Loop& loop)
    : loop_(loop),
      on_(options.has_value()),
      options_(std::move(options)),
      thread_([this] { Run(); }) {}

void AuditLog::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = wake_ = true;
  }
  thread_.join();
  std::vector<Done> unwritten;
  {
    absl::MutexLock lock(&mutex_);
    unwritten = TakeAwaited(0);
  }
  CallAll(std::move(unwritten), Unavailable());
}

void AuditLog::Append(AuditEvent event, Done done) {
  if (!on()) {
    if (done != nullptr) done(absl::OkStatus());
    return;
  }
  Waiting waiting{AuditLine(event, loop_.WallNow()), done != nullptr, std::move(done), loop_.Now()};
  bool kept = false;
  bool check = false;
  bool first_loss = false;
  {
    absl::MutexLock lock(&mutex_);
    const bool awaited = waiting.awaited;
    kept = Keep(waiting);
    check = kept && awaited && !std::exchange(checking_, true);
    first_loss = !kept && !awaited && lost_++ == lost_logged_;
  }
  if (!kept && waiting.done != nullptr) waiting.done(Unavailable());
  if (first_loss) Log(LogLevel::kError, "audit_events_lost", {{"why", "too many wait"}});
  if (check) loop_.Post([this] { CheckProgress(); });
}

// Takes `waiting` if there is room.
bool AuditLog::Keep(Waiting& waiting) {
  const bool hopeless = waiting.awaited && stalled_ && !waiting_.empty();
  const bool full =
      waiting_.size() >= kMostWaiting || (!waiting.awaited && unawaited_ >= kMostUnawaited);
  if (hopeless || full || stopping_) return false;
  if (!waiting.awaited) ++unawaited_;
  waiting_.push_back(std::move(waiting));
  wake_ = true;
  return true;
}

void AuditLog::Reopen() {
  absl::MutexLock lock(&mutex_);
  reopen_ = wake_ = true;
}

void AuditLog::Use(std::optional<AuditOptions> options) {
  absl::MutexLock lock(&mutex_);
  on_ = options.has_value();
  options_ = std::move(options);
  reopen_ = wake_ = true;
}

uint64_t AuditLog::lost() const {
  absl::MutexLock lock(&mutex_);
  return lost_;
}

// On the loop, once while somebody waits and then as often as it must.
void AuditLog::CheckProgress() {
  const Instant now = loop_.Now();
  std::vector<Done> failed;
  absl::Duration left = absl::ZeroDuration();
  {
    absl::MutexLock lock(&mutex_);
    const auto oldest = std::find_if(waiting_.begin(), waiting_.end(),
                                     [](const Waiting& one) { return one.done != nullptr; });
    checking_ = oldest != waiting_.end();
    if (!checking_) return;
    left = std::max(oldest->since, last_progress_) + kPatience - now;
    if (left <= absl::ZeroDuration()) {
      stalled_ = true;
      checking_ = false;
      failed = TakeAwaited(in_flight_);
    }
  }
  if (failed.empty()) {
    loop_.After(left, [this] { CheckProgress(); });
    return;
  }
  Log(LogLevel::kError, "audit_sink_stalled", {{"refused", static_cast<uint64_t>(failed.size())}});
  CallAll(std::move(failed), Unavailable());
}

std::vector<AuditSink::Done> AuditLog::TakeAwaited(size_t kept) {
  std::vector<Done> taken;
  std::deque<Waiting> left;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& one = waiting_[i];
    if (one.done != nullptr) taken.push_back(std::exchange(one.done, nullptr));
    if (i < kept || !one.awaited) left.push_back(std::move(one));
  }
  waiting_ = std::move(left);
  return taken;
}

void AuditLog::Run() {
  BlockSignalsInThisThread();
  bool stopping = false;
  while (!stopping) {
    std::optional<std::optional<AuditOptions>> next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &AuditLog::ShouldWake),
                              waiting_.empty() ? absl::InfiniteDuration() : kRetryPause);
      wake_ = false;
      stopping = stopping_;
      if (std::exchange(reopen_, false)) next = options_;
    }
    if (next.has_value()) SwitchTo(*std::move(next));
    WriteAll();
  }
}

void AuditLog::SwitchTo(std::optional<AuditOptions> options) {
  file_.reset();
  written_of_first_ = 0;
  if (options.has_value()) {
    file_.emplace(*std::move(options));
    return;
  }
  std::vector<Done> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = TakeAwaited(0);
    waiting_.clear();
    unawaited_ = in_flight_ = 0;
  }
  CallAll(std::move(waiting), absl::OkStatus());
}

void AuditLog::WriteAll() {
  if (!file_.has_value()) return;
  idle_tries_ = 0;
  while (PrepareFile()) {
    if (!WriteBatch(TakeBatch())) return;
  }
}

// Whether the file is open and at the beginning of a line, or where the first one that waits goes
// on.
bool AuditLog::PrepareFile() {
  if (!file_->is_open()) {
    written_of_first_ = 0;
    if (const absl::Status opened = file_->Open(); !opened.ok()) {
      OnFailure(opened);
      return false;
    }
  }
  while (file_->ends_torn() && written_of_first_ == 0) {
    const absl::StatusOr<size_t> written = file_->Write("\n");
    if (!written.ok()) OnFailure(written.status());
    if (!written.ok() || (*written == 0 && !MayWaitOn())) return false;
  }
  return true;
}

std::string AuditLog::TakeBatch() {
  absl::MutexLock lock(&mutex_);
  std::string batch;
  in_flight_ = 0;
  for (const Waiting& one : waiting_) {
    if (batch.size() >= kBatchBytes || reopen_) break;
    batch += one.line;
    ++in_flight_;
  }
  return batch.substr(std::min(written_of_first_, batch.size()));
}

// Whether there was something to write and it is written.
bool AuditLog::WriteBatch(absl::string_view batch) {
  if (batch.empty()) return false;
  while (!batch.empty()) {
    const absl::StatusOr<size_t> written = file_->Write(batch);
    if (!written.ok()) {
      OnFailure(written.status());
      return false;
    }
    if (*written == 0 && !MayWaitOn()) return false;
    if (*written > 0) OnProgress(*written);
    batch.remove_prefix(*written);
  }
  return true;
}

// After a write that the sink took nothing of.
bool AuditLog::MayWaitOn() {
  ++idle_tries_;
  absl::MutexLock lock(&mutex_);
  return !reopen_ && !(stopping_ && idle_tries_ >= kMostIdleTries);
}

// The sink has taken so much more of the first that wait.
void AuditLog::OnProgress(size_t bytes) {
  const Instant now = loop_.Now();
  idle_tries_ = 0;
  std::vector<Done> written;
  bool recovered = false;
  uint64_t lost = 0;
  {
    absl::MutexLock lock(&mutex_);
    last_progress_ = now;
    stalled_ = false;
    recovered = std::exchange(failing_, false);
    lost = lost_ - std::exchange(lost_logged_, lost_);
    written_of_first_ += bytes;
    while (in_flight_ > 0 && written_of_first_ >= waiting_.front().line.size()) {
      Waiting& first = waiting_.front();
      written_of_first_ -= first.line.size();
      if (first.done != nullptr) written.push_back(std::move(first.done));
      if (!first.awaited) --unawaited_;
      waiting_.pop_front();
      --in_flight_;
    }
  }
  if (recovered) Log(LogLevel::kInfo, "audit_sink_recovered");
  if (lost > 0) Log(LogLevel::kError, "audit_events_lost", {{"count", lost}});
  CallAll(std::move(written), absl::OkStatus());
}

void AuditLog::OnFailure(const absl::Status& failure) {
  std::vector<Done> failed;
  bool first = false;
  {
    absl::MutexLock lock(&mutex_);
    first = !std::exchange(failing_, true);
    failed = TakeAwaited(file_->is_open() && written_of_first_ > 0 ? 1 : 0);
    in_flight_ = 0;
  }
  if (first) {
    Log(LogLevel::kError, "audit_sink_failed", {{"why", std::string(failure.message())}});
  }
  CallAll(std::move(failed), Unavailable());
}

}  // namespace credbroker
