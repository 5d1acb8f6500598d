#include "service/ops/handout_ledger.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "absl/hash/hash.h"

#include "service/ops/token_fingerprint.h"

namespace credbroker {
namespace {

constexpr size_t kBuckets = 16;
// So many sums wait to be written at a time, so that they leave room for others.
constexpr size_t kSumsAtATime = 1024;

}  // namespace

// One principal that gets one token.
struct HandoutLedger::Entry {
  explicit Entry(AuditEvent made) : event(std::move(made)) {}

  // Of the first hand-out, but for how it was made.
  const AuditEvent event;
  std::atomic<bool> recorded = false;
  std::atomic<uint64_t> repeats = 0;
  absl::Mutex mutex;
  // For the line that is being written, the first of them having asked for it.
  std::vector<AuditSink::Done> waiting ABSL_GUARDED_BY(mutex);
};

// A session's entries: found without a lock, added but never removed.
class HandoutLedger::Handouts : public SessionForm {
 public:
  static const Handouts* Of(const Session& session) {
    return static_cast<const Handouts*>(session.handouts.get());
  }
  ~Handouts() override {
    for (const std::atomic<Node*>& bucket : buckets_) {
      for (const Node* node = bucket.load(); node != nullptr;)
        delete std::exchange(node, node->next);
    }
  }

  // Null if there is none.
  const std::shared_ptr<Entry>* Find(absl::string_view principal) const {
    const size_t hash = absl::Hash<absl::string_view>()(principal);
    return FindFrom(buckets_[hash % kBuckets].load(std::memory_order_acquire), hash, principal);
  }
  // `entry`, unless another thread was faster; returns what is kept.
  const std::shared_ptr<Entry>& Add(std::shared_ptr<Entry> entry) const {
    const absl::string_view principal = entry->event.principal;
    const size_t hash = absl::Hash<absl::string_view>()(principal);
    std::atomic<Node*>& bucket = buckets_[hash % kBuckets];
    auto node = std::make_unique<Node>(Node{hash, entry, bucket.load(std::memory_order_acquire)});
    while (true) {
      if (const auto* found = FindFrom(node->next, hash, principal)) return *found;
      if (bucket.compare_exchange_weak(node->next, node.get(), std::memory_order_acq_rel)) {
        return node.release()->entry;
      }
    }
  }

 private:
  struct Node {
    size_t hash;
    std::shared_ptr<Entry> entry;
    Node* next;
  };

  static const std::shared_ptr<Entry>* FindFrom(const Node* node, size_t hash,
                                                absl::string_view principal) {
    for (; node != nullptr; node = node->next) {
      if (node->hash == hash && node->entry->event.principal == principal) return &node->entry;
    }
    return nullptr;
  }

  mutable std::array<std::atomic<Node*>, kBuckets> buckets_ = {};
};

bool HandoutLedger::Repeats(const Session& session, absl::string_view principal) {
  if (!audit_.on()) return true;
  const Handouts* const handouts = Handouts::Of(session);
  const auto* const entry = handouts == nullptr ? nullptr : handouts->Find(principal);
  if (entry == nullptr || !(*entry)->recorded.load(std::memory_order_acquire)) return false;
  Count(*entry, 1);
  return true;
}

void HandoutLedger::Record(const Session& session, const Recipient& recipient,
                           AuditSink::Done done) {
  if (Repeats(session, recipient.principal)) {
    done(absl::OkStatus());
    return;
  }
  AuditEvent event;
  event.kind = AuditKind::kTokenIssued;
  event.principal = recipient.principal;
  event.tenant = recipient.key.tenant;
  event.account = DisplayName(recipient.key);
  event.generation = session.generation;
  event.token_fingerprint = TokenFingerprint(session.access_token);
  event.outcome = "ok";
  if (Handouts::Of(session) == nullptr) session.handouts.Keep(std::make_unique<const Handouts>());
  const std::shared_ptr<Entry> entry =
      Handouts::Of(session)->Add(std::make_shared<Entry>(std::move(event)));
  bool first = false;
  {
    absl::MutexLock lock(&entry->mutex);
    // Else it has been written in this moment.
    if (!entry->recorded.load(std::memory_order_acquire)) {
      first = entry->waiting.empty();
      entry->waiting.push_back(std::exchange(done, nullptr));
    }
  }
  if (done != nullptr) {
    Count(entry, 1);
    done(absl::OkStatus());
  } else if (first) {
    AuditEvent issued = entry->event;
    issued.peer = recipient.peer;
    issued.rpc = recipient.rpc;
    audit_.Append(std::move(issued),
                  [this, entry](const absl::Status& status) { OnWritten(entry, status); });
  }
}

void HandoutLedger::OnWritten(const std::shared_ptr<Entry>& entry, const absl::Status& status) {
  std::vector<AuditSink::Done> waiting;
  {
    absl::MutexLock lock(&entry->mutex);
    // An audit log that was turned off meanwhile has not written it: see AuditSink::on.
    if (status.ok() && audit_.on()) entry->recorded.store(true, std::memory_order_release);
    waiting.swap(entry->waiting);
  }
  if (status.ok() && waiting.size() > 1) Count(entry, waiting.size() - 1);
  for (AuditSink::Done& done : waiting) done(status);
}

void HandoutLedger::Count(const std::shared_ptr<Entry>& entry, uint64_t repeats) {
  if (entry->repeats.fetch_add(repeats, std::memory_order_acq_rel) != 0) return;
  absl::MutexLock lock(&mutex_);
  counted_.push_back(entry);
}

// Writes sums, so many at a time. Ends with its last callback.
class HandoutLedger::Sums : public std::enable_shared_from_this<Sums> {
 public:
  Sums(HandoutLedger& ledger, std::vector<std::shared_ptr<Entry>> entries, Summed done)
      : ledger_(ledger), entries_(std::move(entries)), done_(std::move(done)) {}

  void WriteMore() {
    const size_t begin = next_;
    next_ = std::min(entries_.size(), begin + kSumsAtATime);
    if (begin == next_) {
      if (done_ != nullptr) done_();
      return;
    }
    left_ = next_ - begin;
    const auto self = shared_from_this();
    for (size_t i = begin; i < begin + kSumsAtATime && i < entries_.size(); ++i) Write(i);
  }

 private:
  void Write(size_t i) {
    const std::shared_ptr<Entry>& entry = entries_[i];
    AuditEvent sum = entry->event;
    sum.kind = AuditKind::kTokenReissued;
    sum.count = entry->repeats.exchange(0, std::memory_order_acq_rel);
    const uint64_t count = sum.count;
    ledger_.audit_.Append(std::move(sum),
                          [self = shared_from_this(), entry, count](const absl::Status& status) {
                            if (!status.ok()) self->ledger_.Count(entry, count);
                            if (--self->left_ == 0) self->WriteMore();
                          });
  }

  HandoutLedger& ledger_;
  const std::vector<std::shared_ptr<Entry>> entries_;
  Summed done_;
  size_t next_ = 0;
  std::atomic<size_t> left_ = 0;
};

void HandoutLedger::SumUp(Summed done) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    absl::MutexLock lock(&mutex_);
    entries.swap(counted_);
  }
  std::make_shared<Sums>(*this, std::move(entries), std::move(done))->WriteMore();
}

}  // namespace credbroker
