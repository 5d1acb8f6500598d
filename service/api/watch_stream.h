#ifndef CREDBROKER_SERVICE_API_WATCH_STREAM_H_
#define CREDBROKER_SERVICE_API_WATCH_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

#include "service/api/admission.h"

namespace credbroker {

class WatchStream;

// The open streams, so that a drain can end them. Thread-safe.
class WatchRegistry {
 public:
  // After EndAll it ends at once.
  void Add(const std::shared_ptr<WatchStream>& stream);
  void Remove(const std::shared_ptr<WatchStream>& stream);
  // Ends all with UNAVAILABLE, DRAINING.
  void EndAll();

 private:
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<WatchStream>> streams_ ABSL_GUARDED_BY(mutex_);
};

// One WatchToken stream, from its request's bytes on. Of the tokens that come while a write is
// under way only the newest is sent. Ends by itself, with UNAVAILABLE and RetryInfo, before
// `parts.longest_watch` is over: each a little earlier, so that not all come back at once. The
// caller is authorised anew before each push; when what identified it expires, the stream ends with
// UNAUTHENTICATED.
//
// The reactor is gRPC's.
grpc::ServerWriteReactor<grpc::ByteBuffer>* OpenWatch(const ApiParts& parts,
                                                      WatchRegistry& registry,
                                                      const grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_WATCH_STREAM_H_
