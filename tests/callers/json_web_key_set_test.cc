#include "service/callers/json_web_key_set.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tests/fakes/token_signer.h"

namespace credbroker {
namespace {

const TokenSigner& RsaSigner() {
  static const TokenSigner signer = TokenSigner::Rsa();
  return signer;
}
const TokenSigner& CurveSigner() {
  static const TokenSigner signer = TokenSigner::Curve();
  return signer;
}

// How many keys are taken of a set of a good one and this one.
size_t TakenBeside(const std::string& key) {
  const auto set = JsonWebKeySet::Parse(KeySet(absl::StrCat(CurveSigner().Jwk("good"), ",", key)));
  return set.ok() ? set->size() - 1 : 99;
}

TEST(JsonWebKeySetTest, EachKeyIsForOneAlgorithm) {
  const auto set = JsonWebKeySet::Parse(
      KeySet(absl::StrCat(RsaSigner().Jwk("r", R"("alg": "RS256", "use": "sig")"), ",",
                          CurveSigner().Jwk("e", R"("key_ops": ["verify"])"))));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->size(), 2u);
  ASSERT_NE(set->Find("r"), nullptr);
  EXPECT_EQ(set->Find("r")->algorithm_name(), "RS256");
  ASSERT_NE(set->Find("e"), nullptr);
  EXPECT_EQ(set->Find("e")->algorithm_name(), "ES256");
  EXPECT_EQ(set->Find("R"), nullptr);
  EXPECT_EQ(set->Find(""), nullptr);
}

TEST(JsonWebKeySetTest, KeysThatAreWeakOrForSomethingElseArePassedOver) {
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k")), 1u);
  EXPECT_EQ(TakenBeside(TokenSigner::Rsa(1024).Jwk("k")), 0u);
  EXPECT_EQ(TakenBeside(TokenSigner::Curve("P-384").Jwk("k")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("alg": "PS256")")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("alg": "ES256")")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("alg": null)")), 0u);
  EXPECT_EQ(TakenBeside(CurveSigner().Jwk("k", R"("alg": "RS256")")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("use": "enc")")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("key_ops": ["encrypt"])")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("k", R"("key_ops": "verify")")), 0u);
  EXPECT_EQ(TakenBeside(RsaSigner().Jwk("")), 0u);
  EXPECT_EQ(TakenBeside(R"({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"})"), 0u);
  EXPECT_EQ(TakenBeside(R"({"kty": "OKP", "kid": "k", "crv": "Ed25519", "x": "AA"})"), 0u);
  EXPECT_EQ(TakenBeside(R"({"kid": "k"})"), 0u);
  EXPECT_EQ(TakenBeside("1"), 0u);
}

TEST(JsonWebKeySetTest, KeysThatAreMalformedArePassedOver) {
  const std::string rsa = RsaSigner().Jwk("k");
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(rsa, {{"AQAB", "AQ"}})), 0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(rsa, {{"AQAB", "Ag"}})), 0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(rsa, {{"AQAB", ""}})), 0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(rsa, {{"AQAB", "AQAB=="}})), 0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(rsa, {{"\"n\"", "\"m\""}})), 0u);
  const std::string curve = CurveSigner().Jwk("k");
  const std::string zero = Base64UrlEncode(std::string(32, '\0'));
  // No point of the curve.
  EXPECT_EQ(TakenBeside(absl::StrCat(R"({"kty": "EC", "crv": "P-256", "kid": "k", "x": ")", zero,
                                     R"(", "y": ")", zero, R"("})")),
            0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(curve, {{"P-256", "P-384"}})), 0u);
  EXPECT_EQ(TakenBeside(absl::StrReplaceAll(curve, {{"\"x\"", "\"z\""}})), 0u);
}

TEST(JsonWebKeySetTest, SetsThatCannotBeTrustedAreRefusedWhole) {
  const std::string good = RsaSigner().Jwk("k");
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"keys": {}})"),
        KeySet(""), KeySet(TokenSigner::Rsa(1024).Jwk("k")),
        KeySet(absl::StrCat(good, ",", CurveSigner().Jwk("k"))), KeySet(good) + "x",
        KeySet(good).substr(0, 100), KeySet(RsaSigner().Jwk("k", R"("kid": "l")")),
        KeySet(good) + std::string(256 << 10, ' ')}) {
    EXPECT_FALSE(JsonWebKeySet::Parse(text).ok()) << text.substr(0, 200);
  }
}

}  // namespace
}  // namespace credbroker
