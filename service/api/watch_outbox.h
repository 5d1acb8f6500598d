#ifndef CREDBROKER_SERVICE_API_WATCH_OUTBOX_H_
#define CREDBROKER_SERVICE_API_WATCH_OUTBOX_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <optional>
#include <variant>

#include "absl/status/status.h"

#include "service/base/clock.h"

namespace credbroker {

// What a watch has yet to send: the newest token, if a write is under way; then how it ends. One
// write at a time. Pure; not thread-safe.
class WatchOutbox {
 public:
  // A token. Replaces one that waits; dropped if one of a later generation has come already, or if
  // the watch has ended, or if it is no longer live when its turn comes.
  void Add(uint64_t generation, Instant live_until, grpc::ByteBuffer token);
  // The last message; the watch ends with OK after it.
  void EndWith(grpc::ByteBuffer last);
  // The end, at once: what waits is dropped. The first end counts.
  void End(absl::Status status);
  // The caller may see tokens no more: if one waits, it is dropped, and the watch ends so.
  void Withhold(absl::Status status);
  // The write has ended. If it failed, so has the stream.
  void WriteDone(bool ok);

  // What is to be done now: nothing, a write, or the end with a status. The caller does it; the end
  // comes once.
  using Step = std::variant<std::monostate, grpc::ByteBuffer, absl::Status>;
  Step Next(Instant now);

  // No step will ever come.
  bool finished() const { return finished_; }

 private:
  uint64_t newest_ = 0;
  bool writing_ = false;
  bool finished_ = false;
  struct Message {
    grpc::ByteBuffer bytes;
    Instant live_until;
  };
  std::optional<Message> waiting_;
  std::optional<absl::Status> end_;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_WATCH_OUTBOX_H_
