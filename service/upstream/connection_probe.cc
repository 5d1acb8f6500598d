#include "service/upstream/connection_probe.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/match.h"

#include "service/model/failure.h"
#include "service/upstream/curl_status.h"

namespace credbroker {
namespace {

std::string NameText(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (out == nullptr || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : "";
}

std::optional<absl::Time> TimeOf(const ASN1_TIME* time) {
  std::tm broken_down = {};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) return std::nullopt;
  return absl::FromTM(broken_down, absl::UTCTimeZone());
}

void NoteCertificate(X509* certificate, ConnectionFacts& facts) {
  facts.subject = NameText(X509_get_subject_name(certificate));
  facts.issuer = NameText(X509_get_issuer_name(certificate));
  facts.not_after = TimeOf(X509_get0_notAfter(certificate));
}

// Called by OpenSSL at each step; the facts are the application's data of the context.
void OnHandshakeStep(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  auto& facts = *static_cast<ConnectionFacts*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  facts.tls_version = SSL_get_version(ssl);
  if (X509* certificate = SSL_get0_peer_certificate(ssl)) NoteCertificate(certificate, facts);
}

CURLcode PrepareTls(CURL*, void* context, void* facts) {
  auto* ssl_context = static_cast<SSL_CTX*>(context);
  SSL_CTX_set_app_data(ssl_context, facts);
  SSL_CTX_set_info_callback(ssl_context, &OnHandshakeStep);
  return CURLE_OK;
}

template <typename T>
bool SetOption(CURL* easy, CURLoption option, T value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

std::optional<absl::Duration> Elapsed(CURL* easy, CURLINFO which) {
  curl_off_t microseconds = 0;
  if (curl_easy_getinfo(easy, which, &microseconds) != CURLE_OK || microseconds <= 0) {
    return std::nullopt;
  }
  return absl::Microseconds(microseconds);
}

bool Prepare(CURL* easy, const Tenant& tenant, bool verify, ConnectionFacts& facts) {
  const bool tls = absl::StartsWith(tenant.base_url, "https://");
  bool set = SetOption(easy, CURLOPT_URL, tenant.base_url.c_str());
  set &= SetOption(easy, CURLOPT_NOSIGNAL, 1L);
  set &= SetOption(easy, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http");
  set &= SetOption(easy, CURLOPT_CONNECT_ONLY, 1L);
  set &= SetOption(easy, CURLOPT_TIMEOUT_MS,
                   std::max<long>(absl::ToInt64Milliseconds(tenant.request_timeout), 1));
  // Always set, so that the environment is never asked.
  set &= SetOption(easy, CURLOPT_PROXY, tenant.proxy.c_str());
  set &= SetOption(easy, CURLOPT_PRE_PROXY, "");
  set &= SetOption(easy, CURLOPT_NOPROXY, "");
  set &= SetOption(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set &= SetOption(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  set &= SetOption(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (!tenant.ca_file.empty()) set &= SetOption(easy, CURLOPT_CAINFO, tenant.ca_file.c_str());
  set &= SetOption(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  set &= SetOption(easy, CURLOPT_SSL_CTX_FUNCTION, &PrepareTls);
  set &= SetOption(easy, CURLOPT_SSL_CTX_DATA, &facts);
  return set;
}

bool IsTlsFailure(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return true;
    default:
      return false;
  }
}

CURLcode Connect(const Tenant& tenant, bool verify, ConnectionFacts& facts) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  if (easy == nullptr || !Prepare(easy.get(), tenant, verify, facts)) return CURLE_OUT_OF_MEMORY;
  const CURLcode code = curl_easy_perform(easy.get());
  facts.connected = code == CURLE_OK || IsTlsFailure(code);
  facts.resolve_time = Elapsed(easy.get(), CURLINFO_NAMELOOKUP_TIME_T);
  facts.connect_time = Elapsed(easy.get(), CURLINFO_CONNECT_TIME_T);
  char* address = nullptr;
  if (curl_easy_getinfo(easy.get(), CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address) {
    facts.address = address;
  }
  return code;
}

}  // namespace

ConnectionFacts ProbeConnection(const Tenant& tenant) {
  ConnectionFacts facts;
  const CURLcode code = Connect(tenant, /*verify=*/true, facts);
  facts.status = StatusFromCurl(code);
  if (code != CURLE_PEER_FAILED_VERIFICATION) return facts;
  ConnectionFacts unverified;
  Connect(tenant, /*verify=*/false, unverified);
  unverified.status = facts.status;
  return unverified;
}

}  // namespace credbroker
