#include "service/callers/key_source.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "service/base/status_macros.h"
#include "service/base/whole_file.h"

namespace credbroker {
namespace {

constexpr size_t kLargestFile = 256 << 10;
// Between fetches that made-up names, or failures, may cause.
constexpr absl::Duration kShortestPause = absl::Seconds(10);
constexpr absl::Duration kLongestPause = absl::Minutes(5);
constexpr size_t kMostUnknown = 1024;
constexpr int kMostDoublings = 5;

absl::Duration PauseAfter(int failures) {
  return std::min(kLongestPause,
                  kShortestPause * (1 << std::min(std::max(failures - 1, 0), kMostDoublings)));
}

// A clock that was set back must not stop all fetching.
bool HasPassed(absl::Duration pause, absl::Time since, absl::Time now) {
  return now < since || now - since >= pause;
}

}  // namespace

KeySource::KeySource(Fetch fetch, absl::Duration refresh, Report report)
    : refresh_(refresh), fetch_(std::move(fetch)), report_(std::move(report)) {}

void KeySource::Tick(absl::Time now) {
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration pause =
        failures_ == 0 ? refresh_ : std::min(refresh_, PauseAfter(failures_));
    if (fetching_ || !HasPassed(pause, began_, now)) return;
    fetching_ = true;
    began_ = now;
  }
  StartFetch();
}

void KeySource::Refresh(absl::Time now) {
  {
    absl::MutexLock lock(&mutex_);
    if (fetching_) return;
    fetching_ = true;
    began_ = now;
  }
  StartFetch();
}

std::shared_ptr<const JsonWebKeySet> KeySource::keys() const {
  absl::ReaderMutexLock lock(&mutex_);
  return keys_;
}

void KeySource::Miss(absl::string_view kid, absl::Time now) {
  {
    absl::MutexLock lock(&mutex_);
    if (fetching_ || unknown_.contains(kid) || unknown_.size() >= kMostUnknown ||
        !HasPassed(std::max(kShortestPause, PauseAfter(failures_)), began_, now)) {
      return;
    }
    unknown_.emplace(kid);
    fetching_ = true;
    began_ = now;
  }
  StartFetch();
}

void KeySource::StartFetch() {
  fetch_([weak = weak_from_this()](absl::StatusOr<std::string> text) {
    if (const auto self = weak.lock()) self->Finish(std::move(text));
  });
}

absl::StatusOr<bool> KeySource::Take(absl::StatusOr<std::string> text) {
  CREDBROKER_RETURN_IF_ERROR(text.status());
  {
    // Whoever goes by the set that is there can go on.
    absl::ReaderMutexLock lock(&mutex_);
    if (keys_ != nullptr && text_ == *text) return false;
  }
  CREDBROKER_ASSIGN_OR_RETURN(JsonWebKeySet set, JsonWebKeySet::Parse(*text));
  auto keys = std::make_shared<const JsonWebKeySet>(std::move(set));
  absl::MutexLock lock(&mutex_);
  text_ = *std::move(text);
  keys_ = std::move(keys);
  unknown_.clear();
  return true;
}

void KeySource::Finish(absl::StatusOr<std::string> text) {
  const absl::StatusOr<bool> changed = Take(std::move(text));
  if (report_ != nullptr && (!changed.ok() || *changed)) report_(changed.status());
  absl::MutexLock lock(&mutex_);
  failures_ = changed.ok() ? 0 : failures_ + 1;
  fetching_ = false;
}

KeySource::Fetch FetchFromFile(std::string file, WorkerPool& workers) {
  return [file = std::move(file), &workers](KeySource::Done done) {
    workers.Submit(
        "", [file, done = std::move(done)]() mutable { done(ReadWholeFile(file, kLargestFile)); });
  };
}

}  // namespace credbroker
