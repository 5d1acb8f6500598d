#ifndef CREDBROKER_TESTS_CLIENT_TEST_CERTIFICATE_H_
#define CREDBROKER_TESTS_CLIENT_TEST_CERTIFICATE_H_

#include <string>

namespace credbroker {

// PEM texts.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

// A new self-signed certificate, valid for an hour, that vouches for itself; `alternative_name` as
// OpenSSL's configuration writes it, e.g. "IP:127.0.0.1".
TestCertificate MakeTestCertificate(const std::string& alternative_name);

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_CLIENT_TEST_CERTIFICATE_H_
