#include "service/api/server_limits.h"

#include <algorithm>
#include <climits>
#include <cstdint>

namespace credbroker {
namespace {

constexpr int kLargestRequest = 64 * 1024;
constexpr int kLargestMetadata = 8 * 1024;
constexpr int kStreamsPerConnection = 4096;
// For TLS and the first SETTINGS together.
constexpr int kHandshakeTimeoutMs = 10'000;
// Peers that are gone without a word are found out, with or without calls.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kPeersMayPingEveryMs = 60'000;

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration), INT_MAX));
}

}  // namespace

void SetLimits(grpc::ServerBuilder& builder, absl::Duration max_connection_age,
               absl::Duration leaving_margin) {
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  // gRPC inflates a whole message before it looks at its size, and a password in one would be
  // copied out of our sight.
  for (int algorithm = GRPC_COMPRESS_NONE + 1; algorithm < GRPC_COMPRESS_ALGORITHMS_COUNT;
       ++algorithm) {
    builder.SetCompressionAlgorithmSupportStatus(static_cast<grpc_compression_algorithm>(algorithm),
                                                 /*enabled=*/false);
  }
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(max_connection_age));
  // A connection that was asked to leave takes no call any more, and a watch that began just before
  // ends by itself within this: gRPC never cuts one off.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(max_connection_age + leaving_margin));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPeersMayPingEveryMs);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace credbroker
