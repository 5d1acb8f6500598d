#ifndef CREDBROKER_SERVICE_API_SERVER_TLS_H_
#define CREDBROKER_SERVICE_API_SERVER_TLS_H_

#include <string>

namespace credbroker {

// The PEM files that the listener's TLS is made from.
struct TlsFiles {
  std::string certificate_file;
  std::string private_key_file;
  // Whose certificates identify callers. Empty: none are asked for.
  std::string client_ca_file;

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_SERVER_TLS_H_
