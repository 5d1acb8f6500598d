#include "service/upstream/curl_status.h"

#include <csignal>
#include <cstdlib>
#include <optional>

#include "absl/time/time.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr absl::Duration kVerificationWait = absl::Seconds(60);

enum class Kind { kUnavailable, kUnverified, kMalformed };

struct Row {
  CURLcode code;
  Kind kind;
  const char* message;
};

constexpr char kNotResolved[] = "upstream's host name could not be resolved";
constexpr char kNotConnected[] = "upstream refused the connection or could not be reached";
constexpr char kTooSlow[] = "upstream did not answer in time";
constexpr char kLost[] = "the connection to upstream was lost";
constexpr char kProxy[] = "the proxy to upstream failed; check the tenant's proxy";
constexpr char kHandshake[] = "the TLS handshake with upstream failed";
constexpr char kUnverified[] =
    "upstream's certificate could not be verified; check base_url and the tenant's ca_file";
constexpr char kNotHttp[] = "upstream does not speak proper HTTP";
constexpr char kOther[] = "the request to upstream failed";

constexpr Row kTable[] = {
    {CURLE_COULDNT_RESOLVE_HOST, Kind::kUnavailable, kNotResolved},
    {CURLE_COULDNT_CONNECT, Kind::kUnavailable, kNotConnected},
    {CURLE_INTERFACE_FAILED, Kind::kUnavailable, kNotConnected},
    {CURLE_NO_CONNECTION_AVAILABLE, Kind::kUnavailable, kNotConnected},
    {CURLE_OPERATION_TIMEDOUT, Kind::kUnavailable, kTooSlow},
    {CURLE_SEND_ERROR, Kind::kUnavailable, kLost},
    {CURLE_RECV_ERROR, Kind::kUnavailable, kLost},
    {CURLE_GOT_NOTHING, Kind::kUnavailable, kLost},
    {CURLE_PARTIAL_FILE, Kind::kUnavailable, kLost},
    // libcurl wanted to send a body again, and ours cannot be.
    {CURLE_SEND_FAIL_REWIND, Kind::kUnavailable, kLost},
    {CURLE_HTTP2, Kind::kUnavailable, kLost},
    {CURLE_HTTP2_STREAM, Kind::kUnavailable, kLost},
    {CURLE_COULDNT_RESOLVE_PROXY, Kind::kUnavailable, kProxy},
    {CURLE_PROXY, Kind::kUnavailable, kProxy},
    {CURLE_SSL_CONNECT_ERROR, Kind::kUnavailable, kHandshake},
    {CURLE_SSL_CIPHER, Kind::kUnavailable, kHandshake},
    {CURLE_PEER_FAILED_VERIFICATION, Kind::kUnverified, kUnverified},
    {CURLE_SSL_CACERT_BADFILE, Kind::kUnverified, kUnverified},
    {CURLE_SSL_ISSUER_ERROR, Kind::kUnverified, kUnverified},
    {CURLE_SSL_CERTPROBLEM, Kind::kUnverified, kUnverified},
    {CURLE_SSL_CRL_BADFILE, Kind::kUnverified, kUnverified},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, Kind::kUnverified, kUnverified},
    {CURLE_SSL_INVALIDCERTSTATUS, Kind::kUnverified, kUnverified},
    {CURLE_WEIRD_SERVER_REPLY, Kind::kMalformed, kNotHttp},
    // HTTP/0.9, that is: no status line at all.
    {CURLE_UNSUPPORTED_PROTOCOL, Kind::kMalformed, kNotHttp},
    {CURLE_BAD_CONTENT_ENCODING, Kind::kMalformed, kNotHttp},
};

absl::Status StatusOf(Kind kind, const char* message) {
  switch (kind) {
    case Kind::kUnavailable:
      return Failure(Reason::kUpstreamUnavailable, message);
    case Kind::kUnverified:
      return Failure(Reason::kUpstreamUnavailable, message, kVerificationWait);
    case Kind::kMalformed:
      return Failure(Reason::kUpstreamMalformed, message);
  }
  std::abort();
}

}  // namespace

void InitializeCurl() {
  static const bool initialized = [] {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                             "ALL_PROXY", "no_proxy", "NO_PROXY", "SSLKEYLOGFILE"}) {
      unsetenv(name);
    }
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  if (!initialized) std::abort();  // No TLS, or no memory: there is nothing to serve.
}

absl::Status StatusFromCurl(CURLcode code) {
  if (code == CURLE_OK) return absl::OkStatus();
  for (const Row& row : kTable) {
    if (row.code == code) return StatusOf(row.kind, row.message);
  }
  return StatusOf(Kind::kUnavailable, kOther);
}

}  // namespace credbroker
