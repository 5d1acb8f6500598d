#ifndef CREDBROKER_SERVICE_CALLERS_KUBERNETES_CALLERS_H_
#define CREDBROKER_SERVICE_CALLERS_KUBERNETES_CALLERS_H_

#include <string>

namespace credbroker {

// Which Kubernetes ServiceAccount tokens identify a caller.
struct KubernetesCallers {
  // What `aud` and `iss` of a token must be.
  std::string audience = "credbroker";
  std::string issuer = "https://kubernetes.default.svc.cluster.local";
  // Where the issuer's public keys are (RFC 7517 section 5): exactly one of these is not empty.
  std::string jwks_file;
  std::string jwks_url;
  // For `jwks_url`: whom to trust instead of the system's roots, and a file with a bearer token to
  // send. Empty: none.
  std::string jwks_ca_file;
  std::string jwks_bearer_file;

  friend bool operator==(const KubernetesCallers&, const KubernetesCallers&) = default;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_CALLERS_KUBERNETES_CALLERS_H_
