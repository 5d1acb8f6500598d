#include "service/api/watch_outbox.h"

#include <utility>

namespace credbroker {

void WatchOutbox::Add(uint64_t generation, grpc::ByteBuffer token) {
  if (end_.has_value() || generation < newest_) return;
  newest_ = generation;
  waiting_ = std::move(token);
}

void WatchOutbox::EndWith(grpc::ByteBuffer last) {
  if (end_.has_value()) return;
  waiting_ = std::move(last);
  end_ = absl::OkStatus();
}

void WatchOutbox::End(absl::Status status) {
  if (end_.has_value()) return;
  waiting_.reset();
  end_ = std::move(status);
}

void WatchOutbox::WriteDone(bool ok) {
  writing_ = false;
  if (ok) return;
  waiting_.reset();
  if (!end_.has_value() || end_->ok()) end_ = absl::CancelledError("the caller has gone");
}

WatchOutbox::Step WatchOutbox::Next() {
  if (writing_ || finished_) return std::monostate();
  if (waiting_.has_value()) {
    writing_ = true;
    return *std::exchange(waiting_, std::nullopt);
  }
  if (!end_.has_value()) return std::monostate();
  finished_ = true;
  return *end_;
}

}  // namespace credbroker
