#include "service/main/config_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "service/base/status_macros.h"
#include "service/main/config_values.h"

namespace credbroker {
namespace {

constexpr size_t kLongestHost = 253;
constexpr size_t kLongestUrl = 2048;

std::optional<in_addr> AsIpv4(absl::string_view host) {
  in_addr address;
  if (inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) return std::nullopt;
  return address;
}
std::optional<in6_addr> AsIpv6(absl::string_view host) {
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) return std::nullopt;
  return address;
}

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
}
bool IsHostName(absl::string_view host) {
  return !host.empty() && host.size() <= kLongestHost &&
         absl::ascii_isalnum(static_cast<unsigned char>(host.front())) &&
         std::all_of(host.begin(), host.end(), IsHostCharacter);
}

// pchar of RFC 3986 section 3.3, '/' and '%'.
bool IsUrlPathCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::StrContains("-._~!$&'()*+,;=:@/%", absl::string_view(&c, 1));
}

struct UrlParts {
  std::string scheme;     // In lower case.
  std::string authority;  // As written.
  std::string host;       // Without brackets.
  std::optional<uint16_t> port;
  absl::string_view path;  // Empty or with a slash in front.
};

// Splits "HOST", "HOST:PORT" and the same with brackets into `host` and the text after the colon.
bool SplitHost(absl::string_view text, std::string& host, std::optional<std::string>& port) {
  absl::string_view rest;
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos || !AsIpv6(text.substr(0, end))) return false;
    host = std::string(text.substr(0, end));
    rest = text.substr(end + 1);
  } else {
    const size_t end = std::min(text.find(':'), text.size());
    if (!IsHostName(text.substr(0, end))) return false;
    host = std::string(text.substr(0, end));
    rest = text.substr(end);
  }
  if (rest.empty()) return true;
  if (!absl::ConsumePrefix(&rest, ":")) return false;
  port = std::string(rest);
  return true;
}

std::optional<uint16_t> ParsePort(absl::string_view text) {
  const std::optional<uint64_t> port = ParseWholeNumber(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

absl::Status Wrong(absl::string_view message) { return absl::InvalidArgumentError(message); }

absl::StatusOr<UrlParts> SplitUrl(absl::string_view text) {
  if (text.size() > kLongestUrl) return Wrong("too long");
  UrlParts parts;
  const size_t colon = text.find("://");
  if (colon == absl::string_view::npos) return Wrong("must be a URL, such as https://host/path");
  parts.scheme = absl::AsciiStrToLower(text.substr(0, colon));
  absl::string_view rest = text.substr(colon + 3);
  if (absl::StrContains(rest, "?")) return Wrong("must not have a query");
  if (absl::StrContains(rest, "#")) return Wrong("must not have a fragment");
  const size_t slash = std::min(rest.find('/'), rest.size());
  parts.authority = std::string(rest.substr(0, slash));
  parts.path = rest.substr(slash);
  if (absl::StrContains(parts.authority, "@")) {
    return Wrong("must not have a user name or password");
  }
  std::optional<std::string> port;
  if (!SplitHost(parts.authority, parts.host, port)) return Wrong("the host is not valid");
  if (port) {
    parts.port = ParsePort(*port);
    if (!parts.port || *parts.port == 0) return Wrong("the port is not valid");
  }
  if (!std::all_of(parts.path.begin(), parts.path.end(), IsUrlPathCharacter)) {
    return Wrong("the path holds characters that a URL must not hold");
  }
  return parts;
}

}  // namespace

std::string HostPort::ToString() const {
  if (absl::StrContains(host, ":")) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

std::optional<HostPort> ParseHostPort(absl::string_view text) {
  HostPort address;
  std::optional<std::string> port;
  if (!SplitHost(text, address.host, port) || !port) return std::nullopt;
  const std::optional<uint16_t> number = ParsePort(*port);
  if (!number) return std::nullopt;
  address.port = *number;
  return address;
}

bool IsLoopback(absl::string_view host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  // Not a comparison of text: 127.0.0.1.example is a name like any other.
  if (const auto ipv4 = AsIpv4(host)) return (ntohl(ipv4->s_addr) >> 24) == 127;
  if (const auto ipv6 = AsIpv6(host)) return IN6_IS_ADDR_LOOPBACK(&*ipv6) != 0;
  return false;
}

absl::StatusOr<std::string> ParseBaseUrl(absl::string_view text) {
  CREDBROKER_ASSIGN_OR_RETURN(UrlParts parts, SplitUrl(text));
  if (parts.scheme != "https" && !(parts.scheme == "http" && IsLoopback(parts.host))) {
    return Wrong("must start with https:// (http is accepted for a loopback host only)");
  }
  while (absl::ConsumeSuffix(&parts.path, "/")) {
  }
  return absl::StrCat(parts.scheme, "://", parts.authority, parts.path);
}

absl::StatusOr<std::string> ParseProxyUrl(absl::string_view text) {
  CREDBROKER_ASSIGN_OR_RETURN(UrlParts parts, SplitUrl(text));
  if (parts.scheme != "https" && parts.scheme != "http") {
    return Wrong("must start with http:// or https://");
  }
  if (!parts.port) return Wrong("the port is missing");
  if (!parts.path.empty() && parts.path != "/") return Wrong("must not have a path");
  return absl::StrCat(parts.scheme, "://", parts.authority);
}

}  // namespace credbroker
