#include "service/upstream/curl_status.h"

#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

constexpr Reason kUnavailable = Reason::kUpstreamUnavailable;
constexpr Reason kMalformed = Reason::kUpstreamMalformed;

struct Expected {
  CURLcode code;
  Reason reason;
  bool waits = false;
};

TEST(StatusFromCurlTest, Table) {
  const Expected table[] = {
      {CURLE_COULDNT_RESOLVE_HOST, kUnavailable},
      {CURLE_COULDNT_RESOLVE_PROXY, kUnavailable},
      {CURLE_COULDNT_CONNECT, kUnavailable},
      {CURLE_OPERATION_TIMEDOUT, kUnavailable},
      {CURLE_SEND_ERROR, kUnavailable},
      {CURLE_RECV_ERROR, kUnavailable},
      {CURLE_GOT_NOTHING, kUnavailable},
      {CURLE_PARTIAL_FILE, kUnavailable},
      {CURLE_SEND_FAIL_REWIND, kUnavailable},
      {CURLE_HTTP2, kUnavailable},
      {CURLE_HTTP2_STREAM, kUnavailable},
      {CURLE_PROXY, kUnavailable},
      {CURLE_SSL_CONNECT_ERROR, kUnavailable},
      {CURLE_OUT_OF_MEMORY, kUnavailable},
      {CURLE_PEER_FAILED_VERIFICATION, kUnavailable, true},
      {CURLE_SSL_CACERT_BADFILE, kUnavailable, true},
      {CURLE_SSL_ISSUER_ERROR, kUnavailable, true},
      {CURLE_SSL_CERTPROBLEM, kUnavailable, true},
      {CURLE_SSL_INVALIDCERTSTATUS, kUnavailable, true},
      {CURLE_WEIRD_SERVER_REPLY, kMalformed},
      {CURLE_UNSUPPORTED_PROTOCOL, kMalformed},
      {CURLE_BAD_CONTENT_ENCODING, kMalformed},
  };
  for (const Expected& row : table) {
    const absl::Status status = StatusFromCurl(row.code);
    EXPECT_EQ(ReasonOf(status), row.reason) << row.code;
    EXPECT_EQ(RetryAfterOf(status).has_value(), row.waits) << row.code;
  }
}

TEST(StatusFromCurlTest, EveryCodeHasAMeaning) {
  EXPECT_TRUE(StatusFromCurl(CURLE_OK).ok());
  for (int code = 1; code < CURL_LAST; ++code) {
    EXPECT_TRUE(ReasonOf(StatusFromCurl(static_cast<CURLcode>(code))).has_value()) << code;
  }
}

TEST(StatusFromCurlTest, Row3UnverifiedCertificateAsksForAMinute) {
  EXPECT_EQ(RetryAfterOf(StatusFromCurl(CURLE_PEER_FAILED_VERIFICATION)), absl::Seconds(60));
}

}  // namespace
}  // namespace credbroker
