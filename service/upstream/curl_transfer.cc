#include "service/upstream/curl_transfer.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/model/failure.h"
#include "service/upstream/curl_status.h"

namespace credbroker {
namespace {

// A kept connection is not used after this: servers and NATs drop them silently at some point.
constexpr long kLongestIdleSeconds = 20;

template <typename T>
bool Set(CURL* easy, CURLoption option, T value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

long Milliseconds(absl::Duration duration) {
  // Zero would mean no limit.
  return std::max<long>(absl::ToInt64Milliseconds(duration), 1);
}

Secret Joined(const std::vector<Secret>& pieces, size_t size) {
  return Secret::Fill(size, [&pieces](absl::Span<uint8_t> to) {
    uint8_t* out = to.data();
    for (const Secret& piece : pieces) {
      std::memcpy(out, piece.RevealSecret().data(), piece.size());
      out += piece.size();
    }
  });
}

}  // namespace

std::unique_ptr<CurlTransfer> CurlTransfer::New(const Tenant& tenant, const HttpRequest& request,
                                                const std::string& user_agent,
                                                const HttpLimits& limits, absl::Duration timeout,
                                                Connection connection,
                                                absl::AnyInvocable<void()> started) {
  CURL* easy = curl_easy_init();
  if (easy == nullptr) return nullptr;
  std::unique_ptr<CurlTransfer> transfer(
      new CurlTransfer(easy, request, limits, std::move(started)));
  if (!transfer->SetConnection(tenant, connection) || !transfer->SetRequest(user_agent, timeout) ||
      !transfer->SetCallbacks()) {
    return nullptr;
  }
  return transfer;
}

CurlTransfer::CurlTransfer(CURL* easy, const HttpRequest& request, const HttpLimits& limits,
                           absl::AnyInvocable<void()> started)
    : easy_(easy), request_(request), limits_(limits), started_(std::move(started)) {}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  for (curl_slist* line = header_lines_; line != nullptr; line = line->next) {
    OPENSSL_cleanse(line->data, std::strlen(line->data));
  }
  curl_slist_free_all(header_lines_);
}

bool CurlTransfer::SetConnection(const Tenant& tenant, Connection connection) {
  const bool tls = absl::StartsWith(tenant.base_url, "https://");
  bool set = Set(easy_, CURLOPT_NOSIGNAL, 1L);
  // Names are resolved in a thread each. One that hangs is left behind: to wait for it would stop
  // the loop, and with it every tenant, as long as the resolver pleases.
  set &= Set(easy_, CURLOPT_QUICK_EXIT, 1L);
  set &= Set(easy_, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
  set &= Set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set &= Set(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // Always set, so that the environment is never asked.
  set &= Set(easy_, CURLOPT_PROXY, tenant.proxy.c_str());
  set &= Set(easy_, CURLOPT_PRE_PROXY, "");
  set &= Set(easy_, CURLOPT_NOPROXY, "");
  set &= Set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set &= Set(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set &= Set(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set &= Set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!tenant.ca_file.empty()) set &= Set(easy_, CURLOPT_CAINFO, tenant.ca_file.c_str());
  // No directory of roots besides the file; also what lets libcurl keep the parsed file.
  set &= Set(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  set &= Set(easy_, CURLOPT_CA_CACHE_TIMEOUT, 60L);
  set &= Set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set &= Set(easy_, CURLOPT_TCP_NODELAY, 1L);
  set &= Set(easy_, CURLOPT_MAXAGE_CONN, kLongestIdleSeconds);
  set &= Set(easy_, CURLOPT_FRESH_CONNECT, connection == Connection::kFresh ? 1L : 0L);
  return set;
}

bool CurlTransfer::SetRequest(const std::string& user_agent, absl::Duration timeout) {
  bool set = Set(easy_, CURLOPT_URL, request_.url.c_str());
  set &= Set(easy_, CURLOPT_TIMEOUT_MS, Milliseconds(timeout));
  set &= Set(easy_, CURLOPT_USERAGENT, user_agent.c_str());
  set &= AddHeader("Accept", "application/json");
  if (request_.method == HttpRequest::Method::kPost) {
    set &= Set(easy_, CURLOPT_POST, 1L);
    set &= Set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set &= AddHeader("Content-Type", "application/json");
    set &= AddHeader("Expect", "");  // Not "100-continue": that would cost a round trip.
  } else {
    set &= Set(easy_, CURLOPT_HTTPGET, 1L);
  }
  for (const HttpHeader& header : request_.headers) {
    set &= AddHeader(header.name, header.value.RevealSecret());
  }
  return set && Set(easy_, CURLOPT_HTTPHEADER, header_lines_);
}

bool CurlTransfer::AddHeader(absl::string_view name, absl::string_view value) {
  // Nothing that could begin another header line. "Name:" alone takes one of libcurl's own away.
  for (const char c : value) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
  }
  std::string line = value.empty() ? absl::StrCat(name, ":") : absl::StrCat(name, ": ", value);
  curl_slist* longer = curl_slist_append(header_lines_, line.c_str());
  OPENSSL_cleanse(line.data(), line.size());
  if (longer == nullptr) return false;
  header_lines_ = longer;
  return true;
}

bool CurlTransfer::SetCallbacks() {
  bool set = Set(easy_, CURLOPT_PRIVATE, this);
  set &= Set(easy_, CURLOPT_READFUNCTION, &CurlTransfer::ReadBody);
  set &= Set(easy_, CURLOPT_READDATA, this);
  set &= Set(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeader);
  set &= Set(easy_, CURLOPT_HEADERDATA, this);
  set &= Set(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody);
  set &= Set(easy_, CURLOPT_WRITEDATA, this);
  return set;
}

size_t CurlTransfer::ReadBody(char* buffer, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  // After its end the body is only asked for again to send it a second time.
  if (transfer.body_ended_) return CURL_READFUNC_ABORT;
  const absl::string_view left = transfer.request_.body.RevealSecret().substr(transfer.body_sent_);
  const size_t taken = std::min(left.size(), size * count);
  if (taken > 0) std::memcpy(buffer, left.data(), taken);
  transfer.body_sent_ += taken;
  transfer.body_ended_ = taken == 0;
  return taken;
}

void CurlTransfer::Received(size_t bytes) {
  const bool first = received_ == 0;
  received_ += bytes;
  if (first) started_();
}

size_t CurlTransfer::OnHeader(char* bytes, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const absl::string_view line(bytes, size * count);
  transfer.Received(line.size());
  return transfer.TakeHeaderLine(line) ? line.size() : 0;
}

bool CurlTransfer::TakeHeaderLine(absl::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > limits_.header_bytes) {
    refusal_ = Failure(Reason::kUpstreamMalformed, "upstream's answer has too large a header");
    return false;
  }
  if (headers_complete_) return true;  // A trailer: counted, never used.
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    headers_complete_ = status >= 200;
    if (!headers_complete_) headers_.clear();  // An interim response (RFC 9110 section 15.2).
    return true;
  }
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return true;  // The status line.
  const absl::string_view name = text.substr(0, colon);
  const absl::string_view value = absl::StripAsciiWhitespace(text.substr(colon + 1));
  // None was asked for; so a small body cannot become a large one either.
  if (absl::EqualsIgnoreCase(name, "Content-Encoding") &&
      !absl::EqualsIgnoreCase(value, "identity")) {
    refusal_ = Failure(Reason::kUpstreamMalformed, "upstream's answer is encoded");
    return false;
  }
  headers_.push_back({std::string(name), Secret::Copy(value)});
  return true;
}

size_t CurlTransfer::OnBody(char* bytes, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const size_t length = size * count;
  transfer.Received(length);
  transfer.body_bytes_ += length;
  if (transfer.body_bytes_ > transfer.limits_.body_bytes) {
    transfer.refusal_ = Failure(Reason::kUpstreamMalformed, "upstream's answer is too large");
    return 0;
  }
  transfer.body_.push_back(Secret::Copy({bytes, length}));
  return length;
}

absl::StatusOr<HttpResponse> CurlTransfer::TakeResponse(CURLcode code) {
  if (!refusal_.ok()) return refusal_;
  if (absl::Status status = StatusFromCurl(code); !status.ok()) return status;
  // libcurl is content with a connection that ends within the header.
  if (!headers_complete_) return StatusFromCurl(CURLE_PARTIAL_FILE);
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  HttpResponse response;
  response.status = static_cast<int>(status);
  response.headers = std::move(headers_);
  response.body = Joined(body_, body_bytes_);
  return response;
}

}  // namespace credbroker
