#include "client/cli/channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "grpc/grpc.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

#include "client/cli/local_file.h"

namespace credbroker {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;
// What fits into the 8 KiB of metadata that a gRPC server takes by default.
constexpr size_t kMaxBearerBytes = 7 << 10;
constexpr int kReconnectMs = 100;
constexpr absl::Duration kLongestConnect = absl::Seconds(5);
constexpr absl::Duration kFurtherAttempts = absl::Milliseconds(500);

struct HostAndPort {
  std::string host;
  std::string port;
  bool bracketed = false;
};

HostAndPort Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  HostAndPort parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
    parts.bracketed = true;
  }
  return parts;
}

bool IsIpv6(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

bool IsName(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

absl::StatusOr<std::string> ReadPem(const std::string& option, const std::string& path,
                                    absl::string_view marker) {
  absl::StatusOr<std::string> content = ReadLocalFile(option, path, kMaxPemBytes);
  if (content.ok() && !absl::StrContains(*content, marker)) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " ", path, ": holds no PEM text with \"", marker, "\""));
  }
  return content;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ConnectionOptions& options) {
  if (options.plaintext) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions tls;
  if (!options.ca_file.empty()) {
    absl::StatusOr<std::string> ca = ReadPem("--ca", options.ca_file, "BEGIN CERTIFICATE-----");
    if (!ca.ok()) return ca.status();
    tls.pem_root_certs = *std::move(ca);
  }
  if (!options.cert_file.empty()) {
    absl::StatusOr<std::string> certificate =
        ReadPem("--cert", options.cert_file, "BEGIN CERTIFICATE-----");
    if (!certificate.ok()) return certificate.status();
    absl::StatusOr<std::string> key = ReadPem("--key", options.key_file, "PRIVATE KEY-----");
    if (!key.ok()) return key.status();
    tls.pem_cert_chain = *std::move(certificate);
    tls.pem_private_key = *std::move(key);
  }
  return grpc::SslCredentials(tls);
}

}  // namespace

bool IsHostAndPort(const std::string& address) {
  const HostAndPort parts = Split(address);
  uint32_t port = 0;
  // Digits only: SimpleAtoi alone would take "+1" and " 1".
  const bool digits = std::all_of(parts.port.begin(), parts.port.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!digits || !absl::SimpleAtoi(parts.port, &port) || port < 1 || port > 65535) return false;
  return parts.bracketed ? IsIpv6(parts.host) : IsName(parts.host);
}

bool IsLoopback(const std::string& address) {
  const HostAndPort parts = Split(address);
  if (parts.host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, parts.host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  in6_addr v6;
  return inet_pton(AF_INET6, parts.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ConnectionOptions& options) {
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials(options);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A watch may be silent for hours, and its peer gone without a word. Not below 5 minutes: servers
  // of gRPC take more frequent pings for an attack.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6 * 60 * 1000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetUserAgentPrefix("credbroker/" CREDBROKER_VERSION);
  // A bare "unix:1" or "dns:1" would name a scheme instead of a host; gRPC itself adds the scheme
  // to a bracketed address, which must be escaped in a URI.
  const std::string target =
      absl::StartsWith(options.address, "[") ? options.address : "dns:///" + options.address;
  return grpc::CreateCustomChannel(target, *credentials, arguments);
}

void Connect(grpc::Channel& channel, absl::Time deadline) {
  absl::Time limit = std::min(deadline, absl::Now() + kLongestConnect);
  bool failed = false;
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  while (state != GRPC_CHANNEL_READY) {
    if (!channel.WaitForStateChange(state, absl::ToChronoTime(limit))) return;
    state = channel.GetState(/*try_to_connect=*/true);
    // Further failures it does not report: the state stays the same until it is connected.
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE && !std::exchange(failed, true)) {
      limit = std::min(limit, absl::Now() + kFurtherAttempts);
    }
  }
}

absl::StatusOr<std::string> ReadBearerToken(const ConnectionOptions& options) {
  if (options.bearer_file.empty()) return std::string();
  absl::StatusOr<std::string> content =
      ReadLocalFile("--bearer-file", options.bearer_file, kMaxBearerBytes);
  if (!content.ok()) return content.status();
  std::string token(absl::StripAsciiWhitespace(*content));
  const bool graphic = std::all_of(token.begin(), token.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  // gRPC aborts the process over a header value that it cannot send.
  if (token.empty() || !graphic) {
    return absl::InvalidArgumentError(
        absl::StrCat("--bearer-file ", options.bearer_file, ": is not one token"));
  }
  return token;
}

}  // namespace credbroker
