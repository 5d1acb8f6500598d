#include "service/sessions/outstanding_revocations.h"

#include <string>
#include <utility>

#include "service/sessions/revocation.h"

namespace credbroker {

OutstandingRevocations::Id OutstandingRevocations::Add(const AccountKey& key,
                                                       std::shared_ptr<Revocation> revocation) {
  entries_.emplace(++last_, Entry{key, std::move(revocation)});
  return last_;
}

void OutstandingRevocations::Remove(Id id) {
  entries_.erase(id);
  if (!entries_.empty() || done_ == nullptr) return;
  loop_.Cancel(timer_);
  std::exchange(done_, nullptr)();
}

void OutstandingRevocations::Hasten() {
  hastened_ = true;
  for (const auto& [id, entry] : entries_) {
    if (entry.revocation != nullptr) entry.revocation->Hasten();
  }
}

void OutstandingRevocations::End(Instant deadline, absl::AnyInvocable<void()> done) {
  if (entries_.empty()) {
    done();
    return;
  }
  done_ = std::move(done);
  timer_ = loop_.After(deadline - loop_.Now(), [this] { GiveUp(); });
}

void OutstandingRevocations::GiveUp() {
  for (const auto& [id, entry] : std::exchange(entries_, {})) {
    NoteLost(entry.key, LogLevel::kWarning, "the broker ends before upstream could be told");
  }
  std::exchange(done_, nullptr)();
}

void OutstandingRevocations::NoteLost(const AccountKey& key, LogLevel level,
                                      absl::string_view why) {
  metrics_.CountRevocationLost(key.tenant);
  Log(level, "revocation_lost",
      {{"tenant", key.tenant}, {"account", DisplayName(key)}, {"why", std::string(why)}});
}

}  // namespace credbroker
