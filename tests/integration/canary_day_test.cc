// A day in the life of a broker whose every secret is a canary, through all kinds of trouble: none
// of them is in anything that the broker shows to others than its caller.

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/integration/secret_scan.h"

namespace credbroker {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr char kWrongPassword[] = "Canary-Wrong-Password-61d0aa";
constexpr char kStrayPassword[] = "Canary-Stray-Password-7719fe04";
constexpr char kSendbirdToken[] = "Canary-Sendbird-Token-5e0c4d";

DeploymentOptions DayOptions() {
  return {.tenant = "  caller_passwords: true\n  request_timeout: 1s\n",
          .more = "audit: {file: audit.jsonl}\n",
          // What would make the libraries talk.
          .environment = {"GRPC_TRACE=all", "GRPC_VERBOSITY=DEBUG", "CURL_DEBUG=all"}};
}

class CanaryDay : public testing::Test {
 protected:
  CanaryDay() : deployment_(DayOptions()), caller_(deployment_.NewCaller()) {
    deployment_.upstream().Set({{"sendbird_session_token", kSendbirdToken}});
  }

  // What a call says to others than the one who asked for the token.
  Answer Note(Answer answer) {
    texts_["error messages"] += answer.status.error_message() + "\n";
    texts_["error details"] += answer.status.error_details() + "\n";
    return answer;
  }

  // Runs the program; what it writes to stderr is shown to anybody, as is all that it says about a
  // session without being asked for the token.
  Outcome Shell(const std::vector<std::string>& arguments, const std::string& input = "") {
    Outcome outcome = deployment_.Credbroker(arguments, input);
    texts_["credbroker's stderr"] += outcome.err;
    const bool is_token = arguments[0] == "token" || arguments.back() == "json";
    if (!is_token) texts_["credbroker's stdout"] += outcome.out;
    return outcome;
  }

  Answer LoginWith(const std::string& email, const std::string& password) {
    v1::LoginRequest request;
    request.set_account(email);
    request.set_password(password);
    request.mutable_device()->set_device_name("a laptop");
    return Note(caller_.Login(request));
  }

  // An account that upstream knows and the configuration does not, with a password of its own.
  std::string NewAccount() {
    const int number = ++accounts_;
    const std::string email = absl::StrCat("fault", number, ".canary@sandbox.example");
    const std::string password = absl::StrCat("Canary-Password-of-fault-", number, "-8ac2");
    deployment_.upstream().Change({{"email", email}, {"password", password}});
    scan_.Add(absl::StrCat("password of ", email), password);
    emails_.push_back(email);
    passwords_[email] = password;
    return email;
  }

  void LookAtAdminPages() {
    for (const char* path : {"/", "/metrics", "/readyz", "/livez", "/nothing"}) {
      texts_["admin pages"] += deployment_.Get(path).body;
    }
  }

  void AllIsWell() {
    EXPECT_TRUE(Note(caller_.GetToken()).ok());
    EXPECT_TRUE(Note(caller_.GetToken("second")).ok());
    EXPECT_TRUE(LoginWith(kCallerEmail, kCallerPassword).ok());
    EXPECT_TRUE(Note(caller_.GetToken(kCallerEmail)).ok());
    EXPECT_TRUE(Note(caller_.Refresh()).ok());
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"token", "--tenant", "demo"},
                                               {"login", "--tenant", "demo", "--force-new"},
                                               {"login", "--tenant", "demo", "--output", "json"},
                                               {"refresh", "--tenant", "demo"},
                                               {"sessions"}}) {
      EXPECT_EQ(Shell(arguments).exit_code, 0);
    }
    EXPECT_EQ(Shell({"login", "--tenant", "demo", "--account", kCallerEmail, "--password-stdin"},
                    absl::StrCat(kCallerPassword, "\n"))
                  .exit_code,
              0);
  }

  // Logins, refreshes and logouts while upstream misbehaves, each with an account of its own, since
  // after a failure an account pauses.
  void UpstreamMisbehaves() {
    const std::vector<Json> anywhere = {
        {{"latency_ms", 1500}},
        {{"status", 500}},
        {{"status", 503}},
        {{"status", 429}, {"retry_after", 1}},
        {{"status", 418}},
        {{"redirect", "http://127.0.0.1:9/"}},
        {{"connection", "reset"}},
        {{"connection", "close"}},
        {{"connection", "cut-body"}},
        {{"connection", "close-unprocessed"}},
        {{"body", "not-json"}},
        {{"body", "deep"}},
        {{"body", "duplicate-keys"}},
        {{"body", "invalid-utf8"}},
        {{"body", "wrong-types"}},
        {{"body", "missing-fields"}},
        {{"body", "large"}},
        {{"body", "gzip"}},
    };
    std::vector<Json> auth = anywhere, login = anywhere, session = anywhere;
    for (const char* nonce : {"equal", "foreign", "comma", "control", "non-ascii", "truncated"}) {
      auth.push_back({{"nonce", nonce}});
    }
    for (const char* salt : {"empty", "long", "not-base64", "non-canonical"}) {
      auth.push_back({{"salt", salt}});
    }
    for (const Json& count : {Json(1), Json(4096.5), Json(4294971392), Json("4096")}) {
      auth.push_back({{"iteration_count", count}});
    }
    for (const char* signature : {"flipped", "missing", "truncated", "not-base64"}) {
      login.push_back({{"signature", signature}});
    }
    for (const char* token : {"missing", "twice", "long", "empty"}) {
      login.push_back({{"token_header", token}});
      session.push_back({{"token_header", token}});
    }
    for (const char* token : {"expired", "not-jwt", "no-claims"}) {
      login.push_back({{"token", token}});
      session.push_back({{"token", token}});
    }
    session.push_back({{"status", 403}});
    session.push_back({{"status", 416}});
    for (const Json& fault : auth) FailToLogIn({{"auth", fault}});
    for (const Json& fault : login) FailToLogIn({{"login", fault}});
    for (const Json& fault : session) FailToRefresh(fault);
    FailToLogOut({{"status", 500}});
  }

  void FailToLogIn(const Json& fault) {
    const std::string email = NewAccount();
    deployment_.upstream().Arm(fault);
    LoginWith(email, passwords_[email]);
    Note(caller_.GetToken(email));
    deployment_.upstream().Disarm();
  }

  void FailToRefresh(const Json& fault) {
    const std::string email = NewAccount();
    EXPECT_TRUE(LoginWith(email, passwords_[email]).ok());
    deployment_.upstream().Arm({{"session", fault}});
    Note(caller_.Refresh(email));
    deployment_.upstream().Disarm();
  }

  // The revocation goes on in the background.
  void FailToLogOut(const Json& fault) {
    const std::string email = NewAccount();
    EXPECT_TRUE(LoginWith(email, passwords_[email]).ok());
    deployment_.upstream().Arm({{"logout", fault}});
    EXPECT_FALSE(caller_.Logout(email));
    deployment_.upstream().Disarm();
  }

  void CredentialsAreRefused() {
    EXPECT_EQ(LoginWith(kCallerEmail, kWrongPassword).reason, "CREDENTIAL_REJECTED");
    EXPECT_EQ(LoginWith(kCallerEmail, kWrongPassword).reason, "CREDENTIAL_HELD_BACK");
    EXPECT_EQ(LoginWith("unknown.canary@sandbox.example", kWrongPassword).reason,
              "CREDENTIAL_REJECTED");
    EXPECT_EQ(LoginWith(kEmail, kPassword).reason, "INVALID_FIELD");
    EXPECT_EQ(LoginWith("", kPassword).reason, "INVALID_FIELD");
    deployment_.folder().Write("second", kWrongPassword);
    EXPECT_EQ(Shell({"login", "--tenant", "demo", "--account", "second", "--force-new"}).exit_code,
              1);
    EXPECT_EQ(Shell({"token", "--tenant", "demo", "--account", "second"}).exit_code, 0);
    const std::string forbidden = NewAccount();
    deployment_.upstream().Change({{"email", forbidden}, {"forbidden", true}});
    EXPECT_EQ(LoginWith(forbidden, passwords_[forbidden]).reason, "ACCOUNT_FORBIDDEN");
    deployment_.upstream().Revoke({{"email", kEmail}, {"what", "all"}});
    EXPECT_TRUE(Note(caller_.Refresh()).ok());
    EXPECT_EQ(Shell({"logout", "--tenant", "demo"}).exit_code, 0);
  }

  void TheBrokerIsRestarted() {
    LookAtAdminPages();
    deployment_.RestartBroker();
    caller_ = deployment_.NewCaller();
    EXPECT_TRUE(Note(caller_.GetToken()).ok());
    EXPECT_EQ(Note(caller_.GetToken("second")).reason, "CREDENTIAL_REJECTED");
    EXPECT_EQ(Note(caller_.GetToken(kCallerEmail)).reason, "LOGIN_REQUIRED");
  }

  // A secret in the wrong place, or in a file that is not YAML.
  void TheConfigurationIsBad() {
    for (const char* bad :
         {"password: $0\n", "tenants: [{name: demo, password: '$0'}]\n", "admin: {listen: $0}\n",
          "tenants: $0\n", "$0\n", "\"$0\n", "a: *$0\n", "$0: {\n",
          "tenants: [{name: $0, base_url: 'https://u:$0@h/', accounts: "
          "[{name: a, email: $0, password_file: $0}]}]\n"}) {
      const std::string file =
          deployment_.folder().Write("bad.yaml", absl::Substitute(bad, kStrayPassword));
      for (const std::vector<std::string>& arguments :
           std::vector<std::vector<std::string>>{{CREDBROKER_DAEMON, "--config", file, "--check"},
                                                 {CREDBROKER_DAEMON, "--config", file}}) {
        const Outcome outcome = RunProgram({.argv = arguments});
        EXPECT_EQ(outcome.exit_code, 2);
        EXPECT_NE(outcome.err, "");
        texts_["complaints about a configuration"] += outcome.out + outcome.err;
      }
    }
  }

  void TheBrokerEnds() {
    LookAtAdminPages();
    deployment_.broker().Signal(SIGTERM);
    EXPECT_EQ(deployment_.broker().WaitForExit().code, 0);
    texts_["the broker's output"] = deployment_.BrokerOutput();
    std::ifstream audit(deployment_.folder().Path("audit.jsonl"));
    texts_["the audit log"].assign(std::istreambuf_iterator<char>(audit), {});
  }

  void CollectSecrets() {
    scan_.Add("password of demo", kPassword);
    scan_.Add("password of second", kSecondPassword);
    scan_.Add("password of a caller", kCallerPassword);
    scan_.Add("wrong password", kWrongPassword);
    scan_.Add("stray password", kStrayPassword);
    scan_.Add("sendbird token", kSendbirdToken);
    const Json secrets = deployment_.upstream().Secrets();
    for (const auto& [kind, list] : secrets.items()) {
      EXPECT_GT(list.size(), 20u) << kind;
      for (const Json& secret : list) scan_.Add(kind, secret);
    }
  }

  Deployment deployment_;
  Caller caller_;
  int accounts_ = 0;
  std::map<std::string, std::string> passwords_;
  std::vector<std::string> emails_ = {kEmail, kSecondEmail, kCallerEmail};
  SecretScan scan_;
  // All that was shown, by where.
  std::map<std::string, std::string> texts_;
};

TEST_F(CanaryDay, NoSecretIsShownAnywhere) {
  AllIsWell();
  UpstreamMisbehaves();
  CredentialsAreRefused();
  TheBrokerIsRestarted();
  TheConfigurationIsBad();
  TheBrokerEnds();
  CollectSecrets();

  for (const auto& [where, text] : texts_) {
    EXPECT_NE(text, "") << where;
    EXPECT_THAT(scan_.FindIn(text), IsEmpty()) << where;
    // Each text would have given a secret away, had it been in it.
    const std::string planted = absl::StrCat(text, absl::Base64Escape(kPassword));
    EXPECT_THAT(scan_.FindIn(planted), Contains("password of demo")) << where;
  }

  // The day was bad enough.
  const std::string& log = texts_["the broker's output"];
  for (const char* reason : {"UPSTREAM_UNAVAILABLE", "UPSTREAM_MALFORMED", "UPSTREAM_UNTRUSTED",
                             "CREDENTIAL_REJECTED", "ACCOUNT_FORBIDDEN"}) {
    EXPECT_TRUE(absl::StrContains(log, absl::StrCat("\"reason\":\"", reason, "\""))) << reason;
  }

  // Nor is anybody's e-mail address where others than the caller and operators look.
  for (const char* where : {"the broker's output", "the audit log", "admin pages"}) {
    for (const std::string& email : emails_) {
      const std::string name = email.substr(0, email.find('@'));
      EXPECT_EQ(texts_[where].find(name), std::string::npos) << email << " in " << where;
    }
  }
  EXPECT_TRUE(std::regex_search(log, std::regex("\"account\":\"caller-[0-9a-f]{8}\"")));
}

}  // namespace
}  // namespace credbroker
