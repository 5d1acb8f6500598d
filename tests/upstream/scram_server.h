#ifndef CREDBROKER_TESTS_UPSTREAM_SCRAM_SERVER_H_
#define CREDBROKER_TESTS_UPSTREAM_SCRAM_SERVER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace credbroker {

// The server's side of SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677), straight over OpenSSL, so that
// the client is not checked against its own arithmetic.
struct ScramServer {
  std::string password = "pencil";
  std::string salt = "salt-of-16-bytes";
  int iterations = 4096;
  // What it adds to the client's nonce.
  std::string nonce_tail = "-server";

  std::string salt_base64() const;

  // The two messages of a login in which the client sent `user` and `client_nonce`: what the proof
  // must be, and the signature that answers it. Base64.
  struct Answers {
    std::string proof;
    std::string signature;
  };
  Answers Expect(absl::string_view user, absl::string_view client_nonce) const;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_UPSTREAM_SCRAM_SERVER_H_
