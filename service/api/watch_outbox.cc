#include "service/api/watch_outbox.h"

#include <utility>

namespace credbroker {

void WatchOutbox::Add(uint64_t generation, Instant live_until, grpc::ByteBuffer token) {
  if (end_.has_value() || generation < newest_) return;
  newest_ = generation;
  waiting_ = Message{std::move(token), live_until};
}

void WatchOutbox::EndWith(grpc::ByteBuffer last) {
  if (end_.has_value()) return;
  waiting_ = Message{std::move(last), Instant::InfiniteFuture()};
  end_ = absl::OkStatus();
}

void WatchOutbox::End(absl::Status status) {
  if (end_.has_value()) return;
  waiting_.reset();
  end_ = std::move(status);
}

void WatchOutbox::Withhold(absl::Status status) {
  if (waiting_.has_value()) End(std::move(status));
}

void WatchOutbox::WriteDone(bool ok) {
  writing_ = false;
  if (ok) return;
  waiting_.reset();
  if (!end_.has_value() || end_->ok()) end_ = absl::CancelledError("the caller has gone");
}

WatchOutbox::Step WatchOutbox::Next(Instant now) {
  if (writing_ || finished_) return std::monostate();
  // Its reader was slow, and no newer token has come since.
  if (waiting_.has_value() && now >= waiting_->live_until) waiting_.reset();
  if (waiting_.has_value()) {
    writing_ = true;
    return std::exchange(waiting_, std::nullopt)->bytes;
  }
  if (!end_.has_value()) return std::monostate();
  finished_ = true;
  return *end_;
}

}  // namespace credbroker
