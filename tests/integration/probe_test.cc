// `credbroker probe`: what is wrong with a tenant.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/test_certificate.h"
#include "tests/integration/deployment.h"
#include "tests/integration/secret_scan.h"

namespace credbroker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Json = nlohmann::json;

class Probe : public testing::Test {
 protected:
  // Runs it beside the deployment's configuration.
  Outcome Run(const Deployment& deployment, const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv = {CREDBROKER_PROGRAM,       "probe",    "--config",
                                     deployment.config_file(), "--tenant", "demo"};
    argv.insert(argv.end(), more.begin(), more.end());
    Outcome outcome = RunProgram({.argv = argv});
    SecretScan scan;
    scan.Add("password", kPassword);
    const Json all = deployment.upstream().Secrets();
    for (const auto& [kind, secrets] : all.items()) {
      for (const Json& secret : secrets) scan.Add(kind, secret);
    }
    EXPECT_THAT(scan.FindIn(outcome.out + outcome.err), IsEmpty());
    return outcome;
  }

  // What JSON output says of one check; null if it was not made. The last, if there are several.
  static Json Check(const Outcome& outcome, const std::string& name) {
    Json found;
    const Json report = Json::parse(outcome.out, nullptr, false);
    for (const Json& check : report.value("checks", Json::array())) {
      if (check["check"] == name) found = check;
    }
    return found;
  }
};

TEST_F(Probe, LooksAtAllAndSpendsNoAttempt) {
  const Deployment deployment;
  const Outcome text = Run(deployment);
  EXPECT_EQ(text.exit_code, 0) << text.err << text.out;
  EXPECT_THAT(text.out, AllOf(HasSubstr("demo/demo at http://"), HasSubstr("4096 iterations"),
                              HasSubstr("upstream's clock is ahead by 0 s")));
  const Outcome json = Run(deployment, {"--output", "json"});
  EXPECT_EQ(Json::parse(json.out)["ok"], true);
  EXPECT_EQ(Check(json, "scram")["facts"]["iterationCount"], "4096");
  EXPECT_EQ(Check(json, "clock")["result"], "ok");
  EXPECT_EQ(Check(json, "credential")["result"], "ok");
  EXPECT_EQ(Check(json, "tls"), nullptr);
  EXPECT_EQ(Check(json, "login"), nullptr);
  EXPECT_EQ(deployment.upstream().Calls("login"), 0);
}

TEST_F(Probe, ShowsTheCertificateWhetherItCanBeVerifiedOrNot) {
  const Folder folder;
  const TestCertificate certificate = MakeTestCertificate("IP:127.0.0.1");
  const Deployment deployment({.certificate = folder.Write("tls.crt", certificate.certificate),
                               .key = folder.Write("tls.key", certificate.key)});
  const Outcome good = Run(deployment, {"--output", "json"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const Json tls = Check(good, "tls");
  EXPECT_EQ(tls["facts"]["version"], "TLSv1.3");
  EXPECT_THAT(tls["facts"]["subject"].get<std::string>(), HasSubstr("CN="));
  EXPECT_THAT(tls["facts"]["expires"].get<std::string>(), HasSubstr("T"));

  folder.Write("tls.crt", MakeTestCertificate("IP:127.0.0.1").certificate);
  const int calls = deployment.upstream().Calls("auth");
  const Outcome bad = Run(deployment, {"--output", "json"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(Check(bad, "tls")["result"], "failed");
  EXPECT_THAT(Check(bad, "tls")["message"].get<std::string>(), HasSubstr("could not be verified"));
  EXPECT_EQ(Check(bad, "tls")["facts"]["subject"], tls["facts"]["subject"]);
  EXPECT_EQ(Check(bad, "scram"), nullptr);
  EXPECT_EQ(deployment.upstream().Calls("auth"), calls) << "nothing is sent without verification";
}

TEST_F(Probe, SaysThatUpstreamCannotBeReached) {
  Deployment deployment;
  deployment.upstream().Stop();
  std::vector<std::string> argv = {CREDBROKER_PROGRAM,       "probe",    "--config",
                                   deployment.config_file(), "--tenant", "demo"};
  const Outcome outcome = RunProgram({.argv = argv});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("could not be reached"));
  EXPECT_THAT(outcome.out, HasSubstr("credential"));
}

TEST_F(Probe, SaysThatTheCredentialCannotBeRead) {
  const Deployment deployment;
  deployment.folder().Write("demo", "");
  const Outcome outcome = Run(deployment, {"--output", "json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(Check(outcome, "credential")["facts"]["reason"], "LOGIN_REQUIRED");
}

TEST_F(Probe, SpendsOneAttemptPerMechanismAndEndsTheSession) {
  // The configuration says SCRAM-SHA-1, which is not what upstream wants.
  const Deployment deployment({.sandbox = {"--mechanism", "SCRAM-SHA-256"}});
  const Outcome outcome = Run(deployment, {"--spend-attempts", "--plaintext", "--address",
                                           deployment.address(), "--output", "json"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const Json login = Check(outcome, "login");
  EXPECT_EQ(login["facts"]["mechanism"], "SCRAM-SHA-256");
  EXPECT_EQ(login["result"], "warning");
  EXPECT_THAT(login["message"].get<std::string>(), HasSubstr("set the tenant's mechanism"));
  EXPECT_EQ(deployment.upstream().Calls("login"), 2) << "SHA-1, then SHA-256, and no more";
  EXPECT_EQ(deployment.upstream().Calls("logout"), 1);
}

TEST_F(Probe, StopsAtTheFirstAccepted) {
  const Deployment deployment;
  const Outcome outcome = Run(deployment, {"--spend-attempts", "--no-broker"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("SCRAM-SHA-1: accepted, and logged out again"));
  EXPECT_EQ(deployment.upstream().Calls("login"), 1);
  EXPECT_EQ(deployment.upstream().Calls("logout"), 1);
}

TEST_F(Probe, SpendsNothingWhileTheAccountIsHeldBack) {
  const Deployment deployment;
  deployment.folder().Write("demo", "Wrong-Canary-Password-1c93");
  Caller caller = deployment.NewCaller();
  ASSERT_EQ(caller.GetToken().reason, "CREDENTIAL_REJECTED");
  const int attempts = deployment.upstream().Calls("login");
  const Outcome outcome =
      Run(deployment, {"--spend-attempts", "--plaintext", "--address", deployment.address()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the broker holds the account back until "));
  EXPECT_EQ(deployment.upstream().Calls("login"), attempts);
}

TEST_F(Probe, SpendsNothingIfTheBrokerCannotBeAsked) {
  const Deployment deployment;
  // TLS to a broker that speaks none.
  const Outcome outcome =
      Run(deployment, {"--spend-attempts", "--address", deployment.address(), "--timeout", "20s"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no attempt was spent"), HasSubstr("--no-broker")));
  EXPECT_EQ(deployment.upstream().Calls("login"), 0);
}

}  // namespace
}  // namespace credbroker
