#ifndef CREDBROKER_TESTS_INTEGRATION_CERTIFIED_DEPLOYMENT_H_
#define CREDBROKER_TESTS_INTEGRATION_CERTIFIED_DEPLOYMENT_H_

#include <string>

#include "tests/fakes/certificates.h"
#include "tests/fakes/token_signer.h"
#include "tests/integration/deployment.h"

namespace credbroker {

// Who may have the token of the account `demo`, and who is an operator.
inline constexpr char kExporter[] = "spiffe://cluster.example/ns/reports/sa/exporter";
inline constexpr char kExporterAccount[] = "k8s:reports/exporter";
inline constexpr char kOperator[] = "spiffe://cluster.example/ns/ops/sa/admin";

// A Deployment whose broker speaks TLS, and knows its callers by their certificates or by their
// ServiceAccount tokens. `kExporter` and `kExporterAccount` may have the token of `demo`, by
// GetToken and WatchToken; nobody may have that of `second`.
class CertifiedDeployment {
 public:
  CertifiedDeployment();

  Deployment& running() { return deployment_; }
  const Deployment& running() const { return deployment_; }
  const CertificateAuthority& servers() const { return servers_; }
  const CertificateAuthority& callers() const { return callers_; }

  // The files that the broker was started with; each Write replaces one.
  void WriteOwn(const CertifiedKey& own) const;
  void WriteCallers(const std::string& certificates) const;
  void WriteKeySet(const std::string& text) const { files_.Write("jwks.json", text); }
  const Folder& files() const { return files_; }

  CertifiedKey NewOwn() const { return servers_.Issue({.alternative_names = {"IP:127.0.0.1"}}); }

  // A connection of its own, not there yet, as whom `own` says; empty: as nobody.
  Caller NewCaller(const CertifiedKey& own) const;
  Caller NewCaller(const std::string& spiffe_id) const;

  // A ServiceAccount token of `subject`, e.g. "reports:exporter", that `signer` signs.
  static std::string TokenOf(const TokenSigner& signer, const std::string& subject,
                             const std::string& audience = "credbroker");

  // Runs the program credbroker with this certificate, and this token; empty: without.
  Outcome Credbroker(std::vector<std::string> arguments, const CertifiedKey& own,
                     const std::string& token = "") const;

  const TokenSigner signer = TokenSigner::Curve();

 private:
  DeploymentOptions Options() const;

  const Folder files_;
  const CertificateAuthority servers_{{.common_name = "servers", .is_ca = true}};
  const CertificateAuthority callers_{{.common_name = "callers", .is_ca = true}};
  Deployment deployment_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_CERTIFIED_DEPLOYMENT_H_
