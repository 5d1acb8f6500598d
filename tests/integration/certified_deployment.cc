#include "tests/integration/certified_deployment.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace credbroker {
namespace {

constexpr char kIssuer[] = "https://issuer.example";

}  // namespace

CertifiedDeployment::CertifiedDeployment() : deployment_(Options()) {}

DeploymentOptions CertifiedDeployment::Options() const {
  WriteOwn(NewOwn());
  WriteCallers(callers_.certificate());
  WriteKeySet(KeySet(signer.Jwk("first")));
  files_.Write("servers.crt", servers_.certificate());
  DeploymentOptions options;
  options.server = absl::StrCat("  tls:\n    certificate_file: ", files_.Path("tls.crt"),
                                "\n    private_key_file: ", files_.Path("tls.key"),
                                "\n    client_ca_file: ", files_.Path("ca.crt"), "\n");
  options.tenant =
      absl::StrCat("  allow:\n  - {principal: \"", kExporter,
                   "\", accounts: [demo], rpcs: [GetToken, WatchToken]}\n  - {principal: \"",
                   kExporterAccount, "\", accounts: [demo], rpcs: [GetToken, WatchToken]}\n");
  options.more = absl::StrCat(
      "operators: [\"", kOperator, "\"]\ncallers:\n  kubernetes:\n    issuer: ", kIssuer,
      "\n    jwks_file: ", files_.Path("jwks.json"), "\naudit: {file: audit.jsonl}\n");
  options.credbroker = {"--ca", files_.Path("servers.crt")};
  return options;
}

void CertifiedDeployment::WriteOwn(const CertifiedKey& own) const {
  files_.Write("tls.key", own.key);
  files_.Write("tls.crt", own.certificate);
}

void CertifiedDeployment::WriteCallers(const std::string& certificates) const {
  files_.Write("ca.crt", certificates);
}

Caller CertifiedDeployment::NewCaller(const CertifiedKey& own) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = servers_.certificate();
  options.pem_cert_chain = own.certificate;
  options.pem_private_key = own.key;
  return Caller(deployment_.address(), grpc::SslCredentials(options));
}

Caller CertifiedDeployment::NewCaller(const std::string& spiffe_id) const {
  return NewCaller(callers_.Issue({.alternative_names = {absl::StrCat("URI:", spiffe_id)}}));
}

std::string CertifiedDeployment::TokenOf(const TokenSigner& signer, const std::string& subject,
                                         const std::string& audience) {
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  return signer.Sign(R"({"alg":"ES256","kid":"first"})",
                     absl::StrCat(R"({"iss":")", kIssuer, R"(","aud":[")", audience,
                                  R"("],"sub":"system:serviceaccount:)", subject, R"(","nbf":)",
                                  now - 10, R"(,"exp":)", now + 600, "}"));
}

Outcome CertifiedDeployment::Credbroker(std::vector<std::string> arguments, const CertifiedKey& own,
                                        const std::string& token) const {
  if (!own.certificate.empty()) {
    arguments.insert(arguments.end(), {"--cert", files_.Write("caller.crt", own.certificate),
                                       "--key", files_.Write("caller.key", own.key)});
  }
  if (!token.empty()) {
    arguments.insert(arguments.end(), {"--bearer-file", files_.Write("caller.token", token)});
  }
  return deployment_.Credbroker(std::move(arguments));
}

}  // namespace credbroker
