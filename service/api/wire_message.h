#ifndef CREDBROKER_SERVICE_API_WIRE_MESSAGE_H_
#define CREDBROKER_SERVICE_API_WIRE_MESSAGE_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Between messages and their bytes. The service does this itself: what gRPC cannot read it answers
// with UNIMPLEMENTED, without a word to the caller, the metrics or us.

namespace credbroker {

// All the bytes in one piece; copied only if they came in several.
grpc::Slice Flatten(const grpc::ByteBuffer& bytes);

// The bytes of a slice, which outlives the view.
absl::string_view ViewOf(const grpc::Slice& slice);

// INVALID_FIELD, and anything in `message`, if the bytes are none: garbage, or a text that is not
// UTF-8.
absl::Status Parse(absl::string_view bytes, google::protobuf::MessageLite& message);

grpc::Slice Serialise(const google::protobuf::MessageLite& message);

// A reference to the slice's bytes, as gRPC takes them.
grpc::ByteBuffer BytesOf(const grpc::Slice& slice);

// Overwrite what held a secret and is no longer needed by anyone. gRPC gives each message bytes of
// its own; what it keeps of the connection's is beyond our reach.
void Wipe(const grpc::ByteBuffer& bytes);
void Wipe(const grpc::Slice& slice);
void Wipe(std::string& text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_WIRE_MESSAGE_H_
