#include "service/scram/keys.h"

#include <type_traits>

#include "gtest/gtest.h"

#include "service/base/base64.h"
#include "tests/scram/vectors.h"

namespace credbroker {
namespace {

static_assert(!std::is_copy_constructible_v<ScramKeys>);
static_assert(std::is_nothrow_move_constructible_v<ScramKeys>);

std::string Hex(const Secret& secret) { return absl::BytesToHexString(secret.RevealSecret()); }

KeyParameters ParametersOf(const ScramVector& v) {
  return {v.mechanism, StrictBase64Decode(v.salt).value(), 4096};
}

class KeysTest : public testing::TestWithParam<ScramVector> {};
INSTANTIATE_TEST_SUITE_P(Vectors, KeysTest, testing::ValuesIn(kScramVectors),
                         [](const auto& p) { return p.param.name; });

TEST_P(KeysTest, EveryIntermediateValueIsTheVectors) {
  const ScramVector& v = GetParam();
  const Secret salted_password = SaltedPassword(ParametersOf(v), Secret::Copy("pencil"));
  EXPECT_EQ(Hex(salted_password), v.salted_password);
  const Secret client_key = ClientKey(v.mechanism, salted_password);
  EXPECT_EQ(Hex(client_key), v.client_key);
  const Secret server_key = ServerKey(v.mechanism, salted_password);
  EXPECT_EQ(Hex(server_key), v.server_key);
  const Secret stored_key = StoredKey(v.mechanism, client_key);
  EXPECT_EQ(Hex(stored_key), v.stored_key);

  const std::string auth_message =
      AuthMessage(ClientFirstMessageBare("user", v.client_nonce),
                  ServerFirstMessage(v.server_first()), ClientFinalMessageWithoutProof(v.nonce));
  const Secret client_signature = ClientSignature(v.mechanism, stored_key, auth_message);
  EXPECT_EQ(Hex(client_signature), v.client_signature);
  EXPECT_EQ(Base64Encode(ClientProof(client_key, client_signature).RevealSecret()), v.proof);
  EXPECT_EQ(Base64Encode(ServerSignature(v.mechanism, server_key, auth_message).RevealSecret()),
            v.signature);
}

TEST_P(KeysTest, DeriveKeysGivesBothKeys) {
  const ScramVector& v = GetParam();
  const ScramKeys keys = DeriveKeys(ParametersOf(v), Secret::Copy("pencil"));
  EXPECT_EQ(Hex(keys.client_key), v.client_key);
  EXPECT_EQ(Hex(keys.server_key), v.server_key);
  const ScramKeys clone = keys.Clone();
  EXPECT_EQ(Hex(clone.client_key), v.client_key);
  EXPECT_EQ(Hex(clone.server_key), v.server_key);
}

TEST_P(KeysTest, EveryParameterChangesTheKeys) {
  const KeyParameters parameters = ParametersOf(GetParam());
  const std::string expected = GetParam().client_key;
  EXPECT_NE(Hex(DeriveKeys(parameters, Secret::Copy("pencil ")).client_key), expected);
  KeyParameters other = parameters;
  other.salt.back() = static_cast<char>(other.salt.back() ^ 1);
  EXPECT_NE(Hex(DeriveKeys(other, Secret::Copy("pencil")).client_key), expected);
  other = parameters;
  other.iteration_count = 4097;
  EXPECT_NE(Hex(DeriveKeys(other, Secret::Copy("pencil")).client_key), expected);
}

TEST(KeyParametersTest, AreEqualOnlyIfAllIs) {
  const KeyParameters a{Mechanism::kScramSha1, "salt", 4096};
  EXPECT_TRUE(a == (KeyParameters{Mechanism::kScramSha1, "salt", 4096}));
  EXPECT_FALSE(a == (KeyParameters{Mechanism::kScramSha256, "salt", 4096}));
  EXPECT_FALSE(a == (KeyParameters{Mechanism::kScramSha1, "sals", 4096}));
  EXPECT_FALSE(a == (KeyParameters{Mechanism::kScramSha1, "salt", 4097}));
}

TEST(KeysDeathTest, ProofOfDifferentSizesAborts) {
  EXPECT_DEATH(ClientProof(Secret::Copy("ab"), Secret::Copy("abc")), "");
}

}  // namespace
}  // namespace credbroker
