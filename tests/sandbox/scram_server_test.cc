#include "tests/sandbox/scram_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "tests/sandbox/reference_client.h"
#include "tests/sandbox/scram_sha512_server.h"

namespace credbroker::sandbox {
namespace {

struct Vector {
  Mechanism mechanism;
  std::string client_nonce, nonce, salt, proof, signature;
  friend void PrintTo(const Vector& vector, std::ostream* out) {
    *out << TestNameOf(vector.mechanism);
  }
};

// RFC 5802 section 5, RFC 7677 section 3, and the SCRAM-SHA-512 exchange of Apache Qpid's tests.
const std::vector<Vector>& Vectors() {
  static const auto* const vectors = new std::vector<Vector>{
      {Mechanism::kScramSha1, "fyko+d2lbbFgONRv9qkxdawL",
       "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
       "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
      {Mechanism::kScramSha256, "rOprNGfwEbeRWgbNEkqO",
       "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
       "W22ZaJ0SNY7soEsUEjb6gQ==", "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
       "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
      {Mechanism::kScramSha512, "rOprNGfwEbeRWgbNEkqO",
       "rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865",
       "Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=",
       "Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5/"
       "Wr6qm9xmaHt4A==",
       "BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+"
       "bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw=="},
  };
  return *vectors;
}

std::string Unescaped(const std::string& base64) {
  std::string raw;
  EXPECT_TRUE(absl::Base64Unescape(base64, &raw));
  return raw;
}

class VectorTest : public testing::TestWithParam<Vector> {};
INSTANTIATE_TEST_SUITE_P(All, VectorTest, testing::ValuesIn(Vectors()),
                         [](const auto& p) { return TestNameOf(p.param.mechanism); });

TEST_P(VectorTest, ReferenceClientComputesTheProofAndTheSignature) {
  const Vector& v = GetParam();
  const ClientResult result =
      ComputeFromJson(v.mechanism, "user", "pencil", v.client_nonce, v.nonce, v.salt, 4096);
  EXPECT_EQ(result.proof, v.proof);
  EXPECT_EQ(result.signature, v.signature);
}

// Runs one exchange of the reference client against a server with `keys`.
struct Outcome {
  absl::StatusOr<std::string> server_final;
  std::string expected;
};

Outcome Exchange(Mechanism mechanism, const ScramKeys& keys, const std::string& password,
                 const std::string& user_attribute) {
  auto server = NewScramServer(mechanism, keys);
  if (!server.ok()) return {server.status(), ""};
  const std::string bare = absl::StrCat("n=", user_attribute, ",r=clientnonce0123456789");
  const auto server_first = (*server)->First("n,," + bare);
  if (!server_first.ok()) return {server_first.status(), ""};
  const std::string nonce = server_first->substr(2, server_first->find(',') - 2);
  const std::string without_proof = absl::StrCat("c=biws,r=", nonce);
  EXPECT_TRUE(absl::StartsWith(nonce, "clientnonce0123456789"));
  EXPECT_EQ(*server_first, absl::StrCat("r=", nonce, ",s=", absl::Base64Escape(keys.salt),
                                        ",i=", keys.iteration_count));
  const ClientResult result = Compute({mechanism, password, bare, *server_first, without_proof,
                                       keys.salt, static_cast<int>(keys.iteration_count)});
  return {(*server)->Final(absl::StrCat(without_proof, ",p=", result.proof)),
          "v=" + result.signature};
}

TEST_P(VectorTest, ServerAcceptsTheRightPasswordAndSigns) {
  const auto keys = DeriveKeys(GetParam().mechanism, "pencil", "sixteen byte salt", 4096);
  ASSERT_TRUE(keys.ok());
  const Outcome outcome = Exchange(GetParam().mechanism, *keys, "pencil", "user");
  ASSERT_TRUE(outcome.server_final.ok()) << outcome.server_final.status();
  EXPECT_EQ(*outcome.server_final, outcome.expected);
}

TEST_P(VectorTest, ServerUnderstandsEscapedNames) {
  const auto keys = DeriveKeys(GetParam().mechanism, "pencil", "sixteen byte salt", 4096);
  ASSERT_TRUE(keys.ok());
  const Outcome outcome = Exchange(GetParam().mechanism, *keys, "pencil", "a=2Cb=3Dc");
  ASSERT_TRUE(outcome.server_final.ok()) << outcome.server_final.status();
  EXPECT_EQ(*outcome.server_final, outcome.expected);
}

TEST_P(VectorTest, ServerRefusesAnotherPassword) {
  const auto keys = DeriveKeys(GetParam().mechanism, "pencil", "sixteen byte salt", 4096);
  ASSERT_TRUE(keys.ok());
  const Outcome outcome = Exchange(GetParam().mechanism, *keys, "Pencil", "user");
  EXPECT_TRUE(absl::IsUnauthenticated(outcome.server_final.status()));
}

TEST_P(VectorTest, EachExchangeHasItsOwnNonce) {
  const auto keys = DeriveKeys(GetParam().mechanism, "pencil", "salt", 4096);
  ASSERT_TRUE(keys.ok());
  auto one = NewScramServer(GetParam().mechanism, *keys);
  auto other = NewScramServer(GetParam().mechanism, *keys);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(*(*one)->First("n,,n=user,r=abc"), *(*other)->First("n,,n=user,r=abc"));
}

class Sha512ServerTest : public testing::Test {
 protected:
  Sha512ServerTest() {
    const auto keys = DeriveSha512Keys("pencil", Unescaped(vector_.salt), 4096);
    server_ = *NewSha512Server(*keys, vector_.nonce.substr(vector_.client_nonce.size()));
  }

  const Vector& vector_ = Vectors().back();
  std::unique_ptr<ScramServer> server_;
};

TEST_F(Sha512ServerTest, GivesTheVectorsMessages) {
  const auto server_first = server_->First("n,,n=user,r=" + vector_.client_nonce);
  ASSERT_TRUE(server_first.ok());
  EXPECT_EQ(*server_first, absl::StrCat("r=", vector_.nonce, ",s=", vector_.salt, ",i=4096"));
  const auto server_final =
      server_->Final(absl::StrCat("c=biws,r=", vector_.nonce, ",p=", vector_.proof));
  ASSERT_TRUE(server_final.ok()) << server_final.status();
  EXPECT_EQ(*server_final, "v=" + vector_.signature);
}

TEST_F(Sha512ServerTest, RefusesAProofWithAnyBitFlipped) {
  const std::string proof = Unescaped(vector_.proof);
  ASSERT_TRUE(server_->First("n,,n=user,r=" + vector_.client_nonce).ok());
  for (size_t bit = 0; bit < proof.size() * 8; ++bit) {
    std::string flipped = proof;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto server_final = server_->Final(
        absl::StrCat("c=biws,r=", vector_.nonce, ",p=", absl::Base64Escape(flipped)));
    EXPECT_TRUE(absl::IsUnauthenticated(server_final.status())) << bit;
  }
}

TEST_F(Sha512ServerTest, RefusesMalformedMessages) {
  EXPECT_TRUE(absl::IsInvalidArgument(server_->First("y,,n=user,r=abc").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(server_->First("n,,n=user,r=").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(server_->First("n,,r=abc,n=user").status()));
  ASSERT_TRUE(server_->First("n,,n=user,r=" + vector_.client_nonce).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(
      server_->Final(absl::StrCat("c=biws,r=x", vector_.nonce, ",p=", vector_.proof)).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      server_->Final(absl::StrCat("c=biws,r=", vector_.nonce, ",p=QUJD")).status()));
}

TEST(MechanismFromNameTest, KnowsExactlyThree) {
  EXPECT_EQ(MechanismFromName("SCRAM-SHA-1"), Mechanism::kScramSha1);
  EXPECT_EQ(MechanismFromName("SCRAM-SHA-256"), Mechanism::kScramSha256);
  EXPECT_EQ(MechanismFromName("SCRAM-SHA-512"), Mechanism::kScramSha512);
  EXPECT_EQ(MechanismFromName("scram-sha-1"), std::nullopt);
  EXPECT_EQ(MechanismFromName("SCRAM-SHA-1-PLUS"), std::nullopt);
}

TEST(SaslPrepTest, PreparesAndRefuses) {
  EXPECT_EQ(*SaslPrep("I\xC2\xADX"), "IX");
  EXPECT_EQ(*SaslPrep("\xE2\x85\xA8"), "IX");
  EXPECT_FALSE(SaslPrep("\x07").ok());
  EXPECT_FALSE(SaslPrep(std::string("a\0b", 3)).ok());
}

}  // namespace
}  // namespace credbroker::sandbox
