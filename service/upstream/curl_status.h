#ifndef CREDBROKER_SERVICE_UPSTREAM_CURL_STATUS_H_
#define CREDBROKER_SERVICE_UPSTREAM_CURL_STATUS_H_

#include <curl/curl.h>

#include "absl/status/status.h"

namespace credbroker {

// Prepares libcurl for this process. Call it in main, before there are threads; idempotent. Takes
// out of the environment what libcurl or OpenSSL would obey (proxies, SSLKEYLOGFILE), and has
// SIGPIPE ignored: a peer that hangs up must not end the process.
void InitializeCurl();

// What a transfer's end means: OK for CURLE_OK, else UPSTREAM_UNAVAILABLE or UPSTREAM_MALFORMED
// (model/failure.h). A certificate that cannot be verified asks for a wait of 60 s. The message
// names the kind of failure and holds nothing that libcurl or the peer wrote.
absl::Status StatusFromCurl(CURLcode code);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_UPSTREAM_CURL_STATUS_H_
