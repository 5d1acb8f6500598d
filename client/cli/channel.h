#ifndef CREDBROKER_CLIENT_CLI_CHANNEL_H_
#define CREDBROKER_CLIENT_CLI_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"

namespace credbroker {

// How to reach the broker. Empty file names: not given.
struct ConnectionOptions {
  std::string address = "127.0.0.1:8443";
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string bearer_file;
  bool plaintext = false;
};

// `address` is HOST:PORT, a name or an IP address (IPv6 in brackets) and a port from 1 to 65535.
bool IsHostAndPort(const std::string& address);

// HOST of `address` is "localhost" or an address in 127.0.0.0/8 or ::1. Nothing is resolved.
bool IsLoopback(const std::string& address);

// A channel to `options.address`, over TLS unless `plaintext`, never through a proxy of the
// environment. Connects with the first call.
//
// INVALID_ARGUMENT, naming option and file: a file cannot be read or is not what it should be.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ConnectionOptions& options);

// Connects before the first call is made: gRPC 1.51 sometimes reports an attempt as failed that was
// still under way, and a call that meets this fails although the broker is there. So after a failed
// attempt others get half a second. Returns when the channel is connected or that is over, at
// `deadline`, or after 5 seconds at most; what is wrong the call itself will say.
void Connect(grpc::Channel& channel, absl::Time deadline);

// The bearer token in `options.bearer_file`, without white space around it; empty if there is no
// such file. INVALID_ARGUMENT as OpenChannel, also if it could not stand in a header.
absl::StatusOr<std::string> ReadBearerToken(const ConnectionOptions& options);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_CHANNEL_H_
