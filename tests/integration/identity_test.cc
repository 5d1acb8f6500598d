// Over TLS: who is calling, and what the rules give to whom. Rows 34 to 36.

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/certified_deployment.h"
#include "tests/ops/exposition.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;

class Identity : public testing::Test {
 protected:
  CertifiedKey Certificate(const std::string& spiffe_id) const {
    return deployment_.callers().Issue({.alternative_names = {absl::StrCat("URI:", spiffe_id)}});
  }
  Outcome Token(const CertifiedKey& own, const std::string& token = "",
                const std::string& account = "demo") const {
    return deployment_.Credbroker({"token", "--tenant", "demo", "--account", account}, own, token);
  }
  std::string Audit() const {
    std::ifstream file(deployment_.running().folder().Path("audit.jsonl"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  CertifiedDeployment deployment_;
};

TEST_F(Identity, Row34CertificateNamesTheCaller) {
  const Outcome mine = Token(Certificate(kExporter));
  ASSERT_EQ(mine.exit_code, 0) << mine.err;
  EXPECT_TRUE(deployment_.running().upstream().Accepts(mine.out.substr(0, mine.out.size() - 1)));
  EXPECT_THAT(Audit(), HasSubstr(absl::StrCat(R"("event":"token_issued","principal":")", kExporter,
                                              R"(")")));

  // Neither another account, nor another name, nor another rpc.
  for (const Outcome& refused :
       {Token(Certificate(kExporter), "", "second"),
        Token(Certificate("spiffe://cluster.example/ns/reports/sa/other")),
        deployment_.Credbroker({"refresh", "--tenant", "demo"}, Certificate(kExporter)),
        deployment_.Credbroker({"sessions"}, Certificate(kExporter))}) {
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("PERMISSION_DENIED"));
    EXPECT_THAT(refused.err, HasSubstr("CALLER_NOT_ALLOWED"));
  }
  EXPECT_EQ(deployment_.running().upstream().Calls("login"), 1);

  const Outcome sessions = deployment_.Credbroker({"sessions"}, Certificate(kOperator));
  EXPECT_EQ(sessions.exit_code, 0) << sessions.err;
  EXPECT_THAT(sessions.out, HasSubstr("LIVE"));
}

TEST_F(Identity, Row34CertificateThatNamesNobodyIsRefused) {
  for (const CertificateOptions& options :
       {CertificateOptions{.alternative_names = {absl::StrCat("URI:", kExporter),
                                                 "URI:spiffe://cluster.example/two"}},
        CertificateOptions{.alternative_names = {"URI:spiffe://Cluster.example/ns/x"}},
        CertificateOptions{.alternative_names = {"URI:spiffe://cluster.example/ns/../x"}},
        CertificateOptions{.alternative_names = {absl::StrCat("URI:", kExporter, "?a")}},
        CertificateOptions{.alternative_names = {absl::StrCat("URI:", kExporter)},
        .is_ca = true}}) {
    const Outcome refused = Token(deployment_.callers().Issue(options));
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("UNAUTHENTICATED"));
    EXPECT_THAT(refused.err, HasSubstr("CALLER_UNIDENTIFIED"));
  }
  // Nobody at all.
  EXPECT_THAT(Token({}).err, HasSubstr("CALLER_UNIDENTIFIED"));
  EXPECT_EQ(deployment_.running().upstream().Calls("auth"), 0);
}

TEST_F(Identity, Row34CertificateOfAnotherAuthorityOrOfYesterdayGetsNoConnection) {
  const CertificateAuthority others;
  const std::string name = absl::StrCat("URI:", kExporter);
  for (const CertifiedKey& own : {others.Issue({.alternative_names = {name}}),
                                  deployment_.callers().Issue({.alternative_names = {name},
                                  .valid_from = -absl::Hours(2),
                                  .valid_until = -absl::Hours(1)})}) {
    const Outcome refused =
        deployment_.Credbroker({"token", "--tenant", "demo", "--timeout", "2s"}, own);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(refused.out, "");
  }
  EXPECT_EQ(deployment_.running().upstream().Calls("auth"), 0);
}

TEST_F(Identity, Row35ServiceAccountTokenNamesTheCaller) {
  const TokenSigner& signer = deployment_.signer;
  const Outcome mine = Token({}, CertifiedDeployment::TokenOf(signer, "reports:exporter"));
  EXPECT_EQ(mine.exit_code, 0) << mine.err;
  EXPECT_THAT(Audit(), HasSubstr(kExporterAccount));
  // Both names count.
  const Outcome both = Token(Certificate("spiffe://cluster.example/ns/reports/sa/other"),
                             CertifiedDeployment::TokenOf(signer, "reports:exporter"));
  EXPECT_EQ(both.exit_code, 0) << both.err;

  EXPECT_THAT(Token({}, CertifiedDeployment::TokenOf(signer, "reports:other")).err,
              HasSubstr("CALLER_NOT_ALLOWED"));
  const TokenSigner another = TokenSigner::Curve();
  for (const std::string& token :
       {CertifiedDeployment::TokenOf(signer, "reports:exporter", "another-service"),
        CertifiedDeployment::TokenOf(another, "reports:exporter")}) {
    EXPECT_THAT(Token({}, token).err, HasSubstr("CALLER_UNIDENTIFIED"));
    // What is shown must be valid, whatever else is.
    EXPECT_THAT(Token(Certificate(kExporter), token).err, HasSubstr("CALLER_UNIDENTIFIED"));
  }
}

TEST_F(Identity, Row35IssuersKeysAreReplacedWhileCallersCome) {
  const TokenSigner next = TokenSigner::Rsa();
  const std::string before = CertifiedDeployment::TokenOf(deployment_.signer, "reports:exporter");
  ASSERT_EQ(Token({}, before).exit_code, 0);
  const auto metric = [this](const char* name) {
    const Exposition page(deployment_.running().Get("/metrics").body);
    return page.Value(name, {{"source", "jwks"}}).value_or(-1);
  };
  // No key set: the last one stays.
  deployment_.WriteKeySet("{\"keys\": []}");
  EXPECT_TRUE(Eventually([&] { return metric("credbroker_reload_failures_total") == 1; }));
  EXPECT_EQ(Token({}, before).exit_code, 0);
  deployment_.WriteKeySet(KeySet(next.Jwk("second")));
  EXPECT_TRUE(Eventually([&] { return metric("credbroker_config_generation") == 2; }));
  EXPECT_THAT(Token({}, before).err, HasSubstr("CALLER_UNIDENTIFIED"));
}

// From outside nobody can tell what there is.
TEST_F(Identity, Row36WhatIsForbiddenLooksLikeWhatIsNotThere) {
  const CertifiedKey own = Certificate(kExporter);
  const auto ask = [&](const std::string& tenant, const std::string& account) {
    return deployment_.Credbroker({"token", "--tenant", tenant, "--account", account}, own).err;
  };
  EXPECT_EQ(ask("demo", "second"), ask("demo", "absent"));
  EXPECT_EQ(ask("other", "second"), ask("demo", "second"));
  EXPECT_THAT(deployment_.Credbroker({"token", "--tenant", "other"}, Certificate(kOperator)).err,
              HasSubstr("TENANT_UNKNOWN"));
}

TEST_F(Identity, TheListenerProvesItsHandshake) {
  EXPECT_EQ(deployment_.running().Get("/livez").status, 200);
}

// Rules are read anew before each push.
TEST_F(Identity, WatchOfWhomTheRulesLetInNoMoreEnds) {
  Caller exporter = deployment_.NewCaller(kExporter);
  Caller admin = deployment_.NewCaller(kOperator);
  Watch watch(exporter);
  ASSERT_TRUE(watch.Next().has_value());
  const std::string file = deployment_.running().config_file();
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  const size_t rule = text.find(kExporter);
  ASSERT_NE(rule, std::string::npos);
  text.replace(rule, sizeof(kExporter) - 1, "spiffe://cluster.example/ns/reports/sa/another");
  deployment_.running().folder().Write("credbrokerd.yaml", text);
  deployment_.running().broker().Signal(SIGHUP);
  EXPECT_TRUE(deployment_.running().broker().WaitForError("\"reloaded\""));
  ASSERT_TRUE(admin.Refresh().ok());
  EXPECT_FALSE(watch.Next().has_value());
  const Answer end = watch.End();
  EXPECT_EQ(end.reason, "CALLER_NOT_ALLOWED") << end.Text();
}

}  // namespace
}  // namespace credbroker
