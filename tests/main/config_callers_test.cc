#include "service/main/config_callers.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/certificates.h"
#include "tests/fakes/token_signer.h"
#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Twelve lines; a tenant's `allow` may follow.
constexpr char kGood[] = R"(server:
  listen: 127.0.0.1:8443
tenants:
- name: acme
  base_url: https://acme.example/api
  accounts:
  - name: reporting
    email: reporting@acme.example
    password_file: secret
  - name: second
    email: second@acme.example
    password_file: secret
)";

std::vector<std::string> Faults(const std::string& more) { return FaultsOf(kGood + more); }
Config Good(const std::string& more) { return ConfigOf(kGood + more, "f"); }

TEST(ReadAllow, EveryField) {
  const Config config = Good(R"(  allow:
  - principal: spiffe://cluster.local/ns/reports/sa/exporter
    accounts: [reporting, second]
    rpcs: [GetToken, WatchToken, Refresh]
  - {principal: "k8s:reports/*", accounts: ["*"], rpcs: ["*"]}
operators: [spiffe://cluster.local/ns/ops/sa/admin, "email:ops@acme.example"]
)");
  ASSERT_TRUE(config.tenants.at(0).allow.has_value());
  EXPECT_THAT(*config.tenants[0].allow,
              ElementsAre(AllowRule{"spiffe://cluster.local/ns/reports/sa/exporter",
                                    {"reporting", "second"},
                                    {"GetToken", "WatchToken", "Refresh"}},
                          AllowRule{"k8s:reports/*", {"*"}, {"*"}}));
  ASSERT_TRUE(config.operators.has_value());
  EXPECT_THAT(*config.operators,
              ElementsAre("spiffe://cluster.local/ns/ops/sa/admin", "email:ops@acme.example"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

// Without the field, `local` gets in on a laptop; with an empty one, nobody does.
TEST(ReadAllow, AbsentIsNotEmpty) {
  EXPECT_FALSE(Good("").tenants.at(0).allow.has_value());
  EXPECT_FALSE(Good("").operators.has_value());
  const Config config = Good("  allow: []\noperators: []\n");
  ASSERT_TRUE(config.tenants.at(0).allow.has_value());
  EXPECT_THAT(*config.tenants[0].allow, IsEmpty());
  ASSERT_TRUE(config.operators.has_value());
  EXPECT_THAT(*config.operators, IsEmpty());
}

TEST(ReadAllow, Row31WhatIsWrongInARule) {
  EXPECT_THAT(Faults(R"(  allow:
  - {}
  - {principal: someone, accounts: [third], rpcs: [getToken]}
  - principal: local
    accounts: ["*", reporting]
    rpcs: []
    who: x
  - {principal: 1, accounts: reporting, rpcs: [true, Logout]}
  - x
)"),
              ElementsAre("f:14: tenants[0].allow[0].principal: required",
                          "f:14: tenants[0].allow[0].accounts: required",
                          "f:14: tenants[0].allow[0].rpcs: required",
                          HasSubstr("f:15: tenants[0].allow[1].principal: must begin with"),
                          "f:15: tenants[0].allow[1].accounts[0]: the tenant has no account of "
                          "this name",
                          HasSubstr("f:15: tenants[0].allow[1].rpcs[0]: must be GetToken, Login"),
                          "f:17: tenants[0].allow[2].accounts[0]: \"*\" must stand alone",
                          "f:18: tenants[0].allow[2].rpcs: must name one at least, or \"*\" for "
                          "all",
                          "f:19: tenants[0].allow[2].who: unknown field",
                          HasSubstr("f:20: tenants[0].allow[3].principal: must be text"),
                          "f:20: tenants[0].allow[3].accounts: must be a list",
                          HasSubstr("f:20: tenants[0].allow[3].rpcs[0]: must be text"),
                          "f:21: tenants[0].allow[4]: must be a mapping of fields"));
  EXPECT_THAT(Faults("  allow: all\n"),
              ElementsAre("f:13: tenants[0].allow: must be a list, of one at least"));
}

TEST(ReadAllow, WarnsOfWhatLetsNobodyIn) {
  const Config config = Good(
      "  allow: [{principal: local, accounts: ['*'], rpcs: "
      "[ListSessions, GetToken]}]\n");
  EXPECT_THAT(Lines(config.warnings),
              ElementsAre("f:13: tenants[0].allow[0].rpcs: lets nobody list sessions: that is for "
                          "operators only"));
}

TEST(ReadOperators, Row31WhatIsNoPrincipal) {
  EXPECT_THAT(Faults("operators: ['*', local, {}]\n"),
              ElementsAre(HasSubstr("f:13: operators[2]: must be text"),
                          HasSubstr("f:13: operators[0]: must begin with")));
  EXPECT_THAT(Faults("operators: local\n"), ElementsAre("f:13: operators: must be a list"));
}

TEST(ReadCallers, KubernetesWithAFileOfKeys) {
  TemporaryFolder folder;
  folder.Write("jwks.json", KeySet(TokenSigner::Curve().Jwk("k")));
  const Config config = ConfigOf(std::string(kGood) + R"(callers:
  kubernetes: {audience: broker, issuer: "https://issuer.example", jwks_file: jwks.json}
)",
                                 folder.Path("f"));
  ASSERT_TRUE(config.kubernetes.has_value());
  EXPECT_EQ(*config.kubernetes, (KubernetesCallers{"broker", "https://issuer.example",
                                                   folder.Path("jwks.json"), "", "", ""}));
}

TEST(ReadCallers, KubernetesWithAUrlAndEveryDefault) {
  TemporaryFolder folder;
  folder.Write("token", "bearer");
  folder.Write("ca.crt", CertificateAuthority().certificate());
  const Config config = ConfigOf(std::string(kGood) + R"(callers:
  kubernetes:
    jwks_url: https://kubernetes.default.svc/openid/v1/jwks
    jwks_ca_file: ca.crt
    jwks_bearer_file: token
)",
                                 folder.Path("f"));
  ASSERT_TRUE(config.kubernetes.has_value());
  EXPECT_EQ(*config.kubernetes,
            (KubernetesCallers{"credbroker", "https://kubernetes.default.svc.cluster.local", "",
                               "https://kubernetes.default.svc/openid/v1/jwks",
                               folder.Path("ca.crt"), folder.Path("token")}));
  EXPECT_FALSE(Good("callers: {}\n").kubernetes.has_value());
}

TEST(ReadCallers, Row31WhatIsWrong) {
  EXPECT_THAT(Faults("callers: {kubernetes: {}}\n"),
              ElementsAre("f:13: callers.kubernetes: must have exactly one of jwks_file and "
                          "jwks_url"));
  EXPECT_THAT(Faults("callers:\n  kubernetes:\n    jwks_file: /nonexistent/a\n"
                     "    jwks_url: http://issuer.example/jwks\n    issuers: a\n  ldap: {}\n"),
              ElementsAre("f:14: callers.kubernetes: must have exactly one of jwks_file and "
                          "jwks_url",
                          "f:15: callers.kubernetes.jwks_file: the file does not exist",
                          HasSubstr("f:16: callers.kubernetes.jwks_url: must start with https://"),
                          "f:17: callers.kubernetes.issuers: unknown field",
                          "f:18: callers.ldap: unknown field"));
  TemporaryFolder folder;
  const std::string keys = folder.Write("jwks.json", KeySet(TokenSigner::Curve().Jwk("k")));
  const std::string empty = folder.Write("empty", "");
  EXPECT_THAT(Faults("callers:\n  kubernetes:\n    jwks_file: " + keys +
                     "\n    jwks_ca_file: " + keys + "\n    jwks_bearer_file: " + empty + "\n"),
              ElementsAre("f:16: callers.kubernetes.jwks_ca_file: the file holds no PEM "
                          "certificate",
                          "f:16: callers.kubernetes.jwks_ca_file: is only for jwks_url",
                          "f:17: callers.kubernetes.jwks_bearer_file: the file is empty",
                          "f:17: callers.kubernetes.jwks_bearer_file: is only for jwks_url"));
}

TEST(ReadCallers, Row31KeySetMustHaveAKeyThatCanBeUsed) {
  TemporaryFolder folder;
  for (const char* text :
       {"{\"keys\": []}", "{}", "not JSON", "{\"keys\": [{\"kty\": \"oct\"}]}"}) {
    const std::string keys = folder.Write("jwks.json", text);
    EXPECT_THAT(Faults("callers: {kubernetes: {jwks_file: " + keys + "}}\n"),
                ElementsAre(HasSubstr("callers.kubernetes.jwks_file: ")))
        << text;
  }
}

// The key set says whom to believe: whoever can change it on the way can be anybody.
TEST(ReadCallers, KeysComeOverPlaintextFromThisMachineOnly) {
  EXPECT_THAT(Faults("callers: {kubernetes: {jwks_url: 'http://127.0.0.1:8001/jwks'}}\n"),
              IsEmpty());
  EXPECT_THAT(Faults("callers: {kubernetes: {jwks_url: 'http://10.0.0.1/jwks'}}\n"),
              ElementsAre(HasSubstr("must start with https://")));
}

}  // namespace
}  // namespace credbroker
