#include "service/upstream/scram_keys_file.h"

#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/base64.h"
#include "tests/upstream/upstream_fixture.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const KeyParameters kEnrolledFor{Mechanism::kScramSha256, "salt-of-16-bytes", 4096};

EnrolledKeys Enrolled(const KeyParameters& parameters = kEnrolledFor,
                      absl::string_view password = "pencil") {
  return {parameters, DeriveKeys(parameters, Secret::Copy(password))};
}

std::string TextOf(const EnrolledKeys& enrolled) {
  return std::string(FormatScramKeys(enrolled).RevealSecret());
}

bool SameKeys(const ScramKeys& a, const ScramKeys& b) {
  return EqualInConstantTime(a.client_key.RevealSecret(), b.client_key.RevealSecret()) &&
         EqualInConstantTime(a.server_key.RevealSecret(), b.server_key.RevealSecret());
}

TEST(ScramKeysFileTest, WhatIsWrittenIsReadBack) {
  for (const Mechanism mechanism :
       {Mechanism::kScramSha1, Mechanism::kScramSha256, Mechanism::kScramSha512}) {
    const EnrolledKeys written = Enrolled({mechanism, std::string("\0\xff salt", 7), 20'000});
    const absl::StatusOr<EnrolledKeys> read = ParseScramKeys(TextOf(written));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->parameters, written.parameters);
    EXPECT_TRUE(SameKeys(read->keys, written.keys));
  }
}

// RFC 7677 section 3: the salt and count of the example, and the keys that belong to "pencil".
TEST(ScramKeysFileTest, TheFormatIsTheDocumentedOne) {
  const std::string text =
      R"({"version":1,"mechanism":"SCRAM-SHA-256","salt":"W22ZaJ0SNY7soEsUEjb6gQ==",
          "iterationCount":4096,"clientKey":"pg/JI9Z+hkSpLRa5btpe9GVrDHJcSEN0viVTVXaZbos=",
          "serverKey":"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="})";
  const absl::StatusOr<EnrolledKeys> read = ParseScramKeys(text);
  ASSERT_TRUE(read.ok()) << read.status();
  const KeyParameters parameters{Mechanism::kScramSha256,
                                 *StrictBase64Decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096};
  EXPECT_EQ(read->parameters, parameters);
  EXPECT_TRUE(SameKeys(read->keys, Enrolled(parameters).keys));
}

TEST(ScramKeysFileTest, AnythingElseIsRefusedAndNotQuoted) {
  const std::string good = TextOf(Enrolled());
  const Json parsed = Json::parse(good);
  const std::string client_key = parsed["clientKey"];
  const std::string sha1_key = Base64Encode(std::string(20, 'k'));
  const auto with = [&](const char* name, const Json& value) {
    Json other = parsed;
    other[name] = value;
    return other.dump();
  };
  std::vector<std::string> bad = {
      "", "[]", "null", "{}", good + "x", good + good, good.substr(0, good.size() / 2),
      with("version", 2), with("version", "1"), with("version", 1.5), with("version", nullptr),
      with("mechanism", "SCRAM-SHA-1"), with("mechanism", "scram-sha-256"), with("mechanism", 1),
      with("salt", ""), with("salt", "QQ"), with("salt", "QR=="),
      with("salt", Base64Encode(std::string(1025, 's'))), with("iterationCount", 4095),
      with("iterationCount", 4096.5), with("iterationCount", "4096"), with("iterationCount", -4096),
      with("iterationCount", 4294971392), with("clientKey", ""), with("clientKey", sha1_key),
      with("clientKey", client_key + "\n"), with("serverKey", client_key.substr(1)),
      with("serverKey", Json::array({client_key})), with("canary", "canary"),
      // A name that occurs twice.
      absl::StrReplaceAll(good, {{"\"version\"", "\"salt\": \"QUJD\", \"version\""}})};
  for (const auto& [name, value] : parsed.items()) {
    Json without = parsed;
    without.erase(name);
    bad.push_back(without.dump());
  }
  ASSERT_TRUE(ParseScramKeys(parsed.dump()).ok());
  for (const std::string& text : bad) {
    const absl::Status status = ParseScramKeys(text).status();
    EXPECT_EQ(ReasonOf(status), Reason::kLoginRequired) << text;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(client_key))) << text;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("canary"))) << text;
  }
}

// An account whose keys are in a file.
class ScramKeysCredentialTest : public UpstreamFixture {
 protected:
  ScramKeysCredentialTest() { Write(TextOf(Enrolled())); }
  ~ScramKeysCredentialTest() override { unlink(path_.c_str()); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::shared_ptr<const Credential> Configured() const {
    Account account;
    account.scram_keys_file = path_;
    return ConfiguredCredential(account);
  }
  void LoginWithKeys() { Login(Configured()); }

  // What a login says for which upstream chose these.
  std::string Refusal(const Json& changes) {
    LoginWithKeys();
    Json answer = FirstAnswer();
    answer.update(changes);
    AnswerFirst(answer);
    Derive();
    EXPECT_EQ(http_.pending(), 0U) << "a proof was sent";
    EXPECT_EQ(LoginReason(), Reason::kLoginRequired);
    return login_.has_value() ? std::string(login_->status().message()) : "";
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/credbroker_keys_", getpid());
};

TEST_F(ScramKeysCredentialTest, LogsInWithoutThePassword) {
  LoginWithKeys();
  ReachFinal();
  EXPECT_EQ(http_.body()["proof"], server_.Expect("reporting@acme.example", client_nonce_).proof);
  AnswerFinal(FinalAnswer());
  EXPECT_TRUE(login_->ok()) << login_->status();
}

TEST_F(ScramKeysCredentialTest, WhatUpstreamChangedMeansEnrollAgainAndSendsNoProof) {
  EXPECT_THAT(Refusal({{"salt", "b3RoZXI="}}), HasSubstr("another salt for the account"));
  EXPECT_THAT(Refusal({{"iterationCount", 4097}}),
              HasSubstr("another iteration count for the account"));
  const std::string both = Refusal({{"salt", "b3RoZXI="}, {"iterationCount", 4097}});
  EXPECT_THAT(both, HasSubstr("another salt and iteration count for the account"));
  EXPECT_THAT(both, HasSubstr("enroll the account again (credbroker enroll)"));
  tenant_->mechanism = Mechanism::kScramSha1;
  EXPECT_THAT(Refusal(Json::object()),
              HasSubstr("for SCRAM-SHA-256, but the tenant uses SCRAM-SHA-1: enroll"));
}

TEST_F(ScramKeysCredentialTest, EnrollingAgainIsEnough) {
  Refusal({{"salt", "b3RoZXI="}});
  server_.salt = "other";
  Write(TextOf(Enrolled({Mechanism::kScramSha256, "other", 4096})));
  LoginWithKeys();
  ReachFinal();
  AnswerFinal(FinalAnswer());
  EXPECT_TRUE(login_->ok()) << login_->status();
}

TEST_F(ScramKeysCredentialTest, Row32MissingOrHalfWrittenFileIsServedByTheLastGoodKeys) {
  LoginWithKeys();
  ReachFinal();
  AnswerFinal(FinalAnswer());
  for (const std::string& text : {std::string(), TextOf(Enrolled()).substr(0, 100)}) {
    Write(text);
    LoginWithKeys();
    ReachFinal();
    AnswerFinal(FinalAnswer());
    EXPECT_TRUE(login_->ok()) << login_->status();
  }
  unlink(path_.c_str());
  LoginWithKeys();
  ReachFinal();
}

TEST_F(ScramKeysCredentialTest, UnreadableFileIsLoginRequired) {
  const auto reason = [&] { return ReasonOf(ScramKeysCredential(path_).Read().status()); };
  EXPECT_FALSE(reason().has_value());
  Write("");
  EXPECT_EQ(reason(), Reason::kLoginRequired);
  Write(TextOf(Enrolled()) + std::string(4096, ' '));
  EXPECT_EQ(reason(), Reason::kLoginRequired);
  unlink(path_.c_str());
  EXPECT_EQ(reason(), Reason::kLoginRequired);
}

TEST_F(ScramKeysCredentialTest, Row6OtherKeysThanTheRejectedOnesAreAChange) {
  LoginWithKeys();
  ReachFinal();
  http_.Answer(401, {}, "");
  const auto changed = [&] {
    std::optional<bool> answer;
    upstream_->HasCredentialChanged(account_.key, Configured(), [&](bool got) { answer = got; });
    Derive();
    return answer.value_or(false);
  };
  EXPECT_FALSE(changed());
  Write(TextOf(Enrolled(kEnrolledFor, "pencil2")));
  EXPECT_TRUE(changed());
}

TEST(ConfiguredCredentialTest, APasswordFileIsAPassword) {
  const std::string path = absl::StrCat(testing::TempDir(), "/credbroker_either_", getpid());
  std::ofstream(path) << "pencil\n";
  Account account;
  account.password_file = path;
  const absl::StatusOr<Secret> read = ConfiguredCredential(account)->Read();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->RevealSecret(), "pencil");
  unlink(path.c_str());
}

}  // namespace
}  // namespace credbroker
