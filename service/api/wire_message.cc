#include "service/api/wire_message.h"

#include <openssl/crypto.h>

#include <cstdint>
#include <vector>

#include "service/model/failure.h"

namespace credbroker {

grpc::Slice Flatten(const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  // Both fail only for bytes that cannot be decompressed: then they are as good as none.
  if (!bytes.TrySingleSlice(&slice).ok() && !bytes.DumpToSingleSlice(&slice).ok()) return {};
  return slice;
}

absl::string_view ViewOf(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

absl::Status Parse(absl::string_view bytes, google::protobuf::MessageLite& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return absl::OkStatus();
  return Failure(
      Reason::kInvalidField,
      "the request cannot be read: a text is not UTF-8, or it is no message of this rpc");
}

grpc::Slice Serialise(const google::protobuf::MessageLite& message) {
  const size_t size = message.ByteSizeLong();
  grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return slice;
}

grpc::ByteBuffer BytesOf(const grpc::Slice& slice) { return grpc::ByteBuffer(&slice, 1); }

void Wipe(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return;
  for (const grpc::Slice& slice : slices) Wipe(slice);
}

void Wipe(const grpc::Slice& slice) {
  OPENSSL_cleanse(const_cast<uint8_t*>(slice.begin()), slice.size());
}

void Wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace credbroker
