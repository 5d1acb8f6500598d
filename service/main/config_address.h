#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_ADDRESS_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_ADDRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace credbroker {

// Where to listen.
struct HostPort {
  // A name, an IPv4 address, or an IPv6 address without brackets.
  std::string host;
  // 0: any free one.
  uint16_t port = 0;

  // "HOST:PORT", with brackets around an IPv6 address.
  std::string ToString() const;

  friend bool operator==(const HostPort& a, const HostPort& b) {
    return a.host == b.host && a.port == b.port;
  }
};

// Parses "HOST:PORT", "[IPV6]:PORT". Nothing if it is anything else.
std::optional<HostPort> ParseHostPort(absl::string_view text);

// Whether the host can only be this machine: 127.0.0.0/8, ::1 or "localhost". No name is looked up.
bool IsLoopback(absl::string_view host);

// Checks the address of an upstream API and returns it without slashes at the end. It must be an
// https URL (http too where the host is loopback) of host, optional port and optional path (RFC
// 3986 section 3), without user name, query and fragment. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<std::string> ParseBaseUrl(absl::string_view text);

// Checks the URL of a proxy, "http://HOST:PORT" or https: no path, no user name. As above.
absl::StatusOr<std::string> ParseProxyUrl(absl::string_view text);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_ADDRESS_H_
