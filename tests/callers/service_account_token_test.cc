#include "service/callers/service_account_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "tests/fakes/token_signer.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

const absl::Time kIssued = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kEnd = absl::FromUnixSeconds(1'700'003'600);
const absl::Time kBetween = kIssued + absl::Minutes(30);
const ExpectedClaims kExpected{"https://issuer.example", "credbroker"};

const TokenSigner& Rsa() {
  static const TokenSigner signer = TokenSigner::Rsa();
  return signer;
}
const TokenSigner& Ec() {
  static const TokenSigner signer = TokenSigner::Curve();
  return signer;
}
// "r" is for RS256, "e" for ES256.
const JsonWebKeySet& Keys() {
  static const JsonWebKeySet keys =
      JsonWebKeySet::Parse(KeySet(absl::StrCat(Rsa().Jwk("r"), ",", Ec().Jwk("e")))).value();
  return keys;
}

constexpr char kRsHeader[] = R"({"alg": "RS256", "kid": "r"})";
constexpr char kEsHeader[] = R"({"alg": "ES256", "kid": "e"})";

// The claims of a good token, each as JSON.
struct Claims {
  std::string iss = R"("https://issuer.example")";
  std::string aud = R"(["credbroker"])";
  std::string exp = "1700003600";
  std::string nbf = "1700000000";
  std::string sub = R"("system:serviceaccount:reports:exporter")";
  std::string more = R"("iat": 1700000000, "kubernetes.io": {"namespace": "reports"})";

  // Without those that are empty.
  std::string Json() const {
    std::string text = "{" + more;
    const auto add = [&text](const char* name, const std::string& value) {
      if (!value.empty()) absl::StrAppend(&text, ", \"", name, "\": ", value);
    };
    add("iss", iss);
    add("aud", aud);
    add("exp", exp);
    add("nbf", nbf);
    add("sub", sub);
    return text + "}";
  }
};

absl::StatusOr<Caller> Check(absl::string_view token, absl::Time now = kBetween) {
  const auto parsed = ParseServiceAccountToken(token);
  if (!parsed.ok()) return parsed.status();
  const JsonWebKey* const key = Keys().Find(parsed->key_id);
  if (key == nullptr) return absl::NotFoundError("no such key");
  return VerifyServiceAccountToken(*parsed, *key, kExpected, now);
}

void ExpectUnidentified(absl::string_view token, absl::Time now = kBetween) {
  const auto caller = Check(token, now);
  ASSERT_FALSE(caller.ok()) << token;
  EXPECT_EQ(ReasonOf(caller.status()), Reason::kCallerUnidentified) << caller.status();
}

void ExpectClaimsRefused(const Claims& claims, absl::Time now = kBetween) {
  ExpectUnidentified(Rsa().Sign(kRsHeader, claims.Json()), now);
}

TEST(ServiceAccountTokenTest, GoodTokenOfEitherAlgorithmNamesTheServiceAccount) {
  for (const std::string& token :
       {Rsa().Sign(kRsHeader, Claims().Json()), Ec().Sign(kEsHeader, Claims().Json()),
        Rsa().Sign(R"({"typ": "JWT", "alg": "RS256", "kid": "r"})", Claims().Json())}) {
    const auto caller = Check(token);
    ASSERT_TRUE(caller.ok()) << caller.status();
    EXPECT_THAT(caller->principals, ElementsAre("k8s:reports/exporter"));
    EXPECT_EQ(caller->expires, kEnd);
  }
}

TEST(ServiceAccountTokenTest, AudienceIsOneTextOrOneOfAList) {
  for (const char* aud :
       {R"("credbroker")", R"(["credbroker"])", R"(["other", "credbroker", "third"])"}) {
    EXPECT_TRUE(Check(Rsa().Sign(kRsHeader, Claims{.aud = aud}.Json())).ok()) << aud;
  }
}

TEST(ServiceAccountTokenTest, Row35AnotherAudienceIsRefused) {
  for (const char* aud : {"", R"("other")", R"("credbroke")", R"("Credbroker")", R"(" credbroker")",
                          R"("")", "[]", R"(["other"])", R"([["credbroker"]])", "null", "1",
                          R"({"credbroker": "credbroker"})", R"(["credbroker", 1])"}) {
    ExpectClaimsRefused({.aud = aud});
  }
}

TEST(ServiceAccountTokenTest, Row35AnotherIssuerIsRefused) {
  for (const char* iss :
       {"", R"("https://issuer.example/")", R"("https://other.example")",
        R"("HTTPS://issuer.example")", R"("")", "null", R"(["https://issuer.example"])"}) {
    ExpectClaimsRefused({.iss = iss});
  }
}

TEST(ServiceAccountTokenTest, Row35ExpiredMeansAMinuteAfterExp) {
  const std::string token = Rsa().Sign(kRsHeader, Claims().Json());
  EXPECT_EQ(Check(token, kEnd - absl::Nanoseconds(1))->expires, kEnd);
  const auto late = Check(token, kEnd);
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->expires, kEnd + absl::Minutes(1));
  EXPECT_TRUE(Check(token, kEnd + absl::Minutes(1) - absl::Nanoseconds(1)).ok());
  ExpectUnidentified(token, kEnd + absl::Minutes(1));
  for (const char* exp : {"", "null", R"("1700003600")", "-1", "0", "1e400", "1700003600.5", "true",
                          "[1700003600]", "9007199254740993"}) {
    ExpectClaimsRefused({.exp = exp});
  }
}

TEST(ServiceAccountTokenTest, Row35NotYetValidMeansAMinuteBeforeNbf) {
  const std::string token = Rsa().Sign(kRsHeader, Claims().Json());
  EXPECT_TRUE(Check(token, kIssued - absl::Minutes(1)).ok());
  ExpectUnidentified(token, kIssued - absl::Minutes(1) - absl::Nanoseconds(1));
  EXPECT_TRUE(Check(Rsa().Sign(kRsHeader, Claims{.nbf = ""}.Json())).ok());
  for (const char* nbf : {"null", R"("1700000000")", "-1", "1700009999"}) {
    ExpectClaimsRefused({.nbf = nbf});
  }
}

TEST(ServiceAccountTokenTest, Row35SubjectThatIsNoServiceAccountIsRefused) {
  for (const char* sub : {"",
                          R"("")",
                          R"("admin")",
                          R"("system:serviceaccount:a")",
                          R"("system:serviceaccount:a:")",
                          R"("system:serviceaccount::b")",
                          R"("system:serviceaccount:a:b:c")",
                          R"("system:serviceaccount:a:b/c")",
                          R"("system:serviceaccount:a/b:c")",
                          R"("system:serviceaccount:a:*")",
                          R"("system:serviceaccount:A:b")",
                          R"("system:serviceaccount:a:b\u0000")",
                          R"("system:serviceaccount:a:b\n")",
                          R"("system:serviceaccount:a:..")",
                          R"("system:serviceaccount:a.b:c")",
                          R"("system:serviceaccount:-a:b")",
                          R"("xsystem:serviceaccount:a:b")",
                          R"("system:node:a")",
                          R"(["system:serviceaccount:a:b"])",
                          "null"}) {
    ExpectClaimsRefused({.sub = sub});
  }
}

TEST(ServiceAccountTokenTest, Row35AlgorithmIsTheKeysNotTheTokens) {
  const std::string claims = Claims().Json();
  for (const char* header :
       {R"({"alg": "none", "kid": "r"})", R"({"alg": "None", "kid": "r"})",
        R"({"alg": "HS256", "kid": "r"})", R"({"alg": "PS256", "kid": "r"})",
        R"({"alg": "RS512", "kid": "r"})", R"({"alg": "ES256", "kid": "r"})",
        R"({"alg": "rs256", "kid": "r"})", R"({"alg": "", "kid": "r"})",
        R"({"alg": null, "kid": "r"})", R"({"alg": ["RS256"], "kid": "r"})", R"({"kid": "r"})"}) {
    ExpectUnidentified(Rsa().Sign(header, claims));
    const std::string token = Rsa().Sign(header, claims);
    ExpectUnidentified(token.substr(0, token.rfind('.') + 1));
  }
  ExpectUnidentified(Ec().Sign(R"({"alg": "RS256", "kid": "e"})", claims));
  ExpectUnidentified(Ec().Sign(R"({"alg": "ES256", "kid": "r"})", claims));
  ExpectUnidentified(Rsa().SignOtherwise(kRsHeader, claims));
  ExpectUnidentified(Rsa().SignOtherwise(R"({"alg": "PS256", "kid": "r"})", claims));
  ExpectUnidentified(Ec().SignOtherwise(kEsHeader, claims));
}

// The public key, which everybody has, taken for a shared secret.
TEST(ServiceAccountTokenTest, Row35HmacWithThePublicKeyIsRefused) {
  const std::string input = absl::StrCat(Base64UrlEncode(R"({"alg": "HS256", "kid": "r"})"), ".",
                                         Base64UrlEncode(Claims().Json()));
  const std::string secret = Rsa().Jwk("r");
  unsigned char mac[32];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac, &size);
  ExpectUnidentified(
      absl::StrCat(input, ".", Base64UrlEncode({reinterpret_cast<const char*>(mac), sizeof mac})));
}

TEST(ServiceAccountTokenTest, Row35KeysAndExtensionsThatTheTokenBringsAreRefused) {
  const TokenSigner own = TokenSigner::Rsa();
  const std::string claims = Claims().Json();
  ExpectUnidentified(
      own.Sign(absl::StrCat(R"({"alg": "RS256", "kid": "r", "jwk": )", own.Jwk("r"), "}"), claims));
  ExpectUnidentified(own.Sign(kRsHeader, claims));
  for (const char* more :
       {R"("crit": ["exp"])", R"("crit": [])", R"("b64": false, "crit": ["b64"])",
        R"("jku": "https://x.example/jwks")", R"("x5c": ["AA"])", R"("x5u": "https://x.example")",
        R"("jwk": {})", R"("typ": "at+jwt")", R"("typ": 1)", R"("alg": "RS256")"}) {
    ExpectUnidentified(
        Rsa().Sign(absl::StrCat(R"({"alg": "RS256", "kid": "r", )", more, "}"), claims));
  }
  for (const char* header : {R"({"alg": "RS256"})", R"({"alg": "RS256", "kid": ""})",
                             R"({"alg": "RS256", "kid": 1})", "[]", "", "x"}) {
    ExpectUnidentified(Rsa().Sign(header, claims));
  }
}

TEST(ServiceAccountTokenTest, Row35PayloadThatIsNotOneJsonObjectIsRefused) {
  const std::string good = Claims().Json();
  for (const std::string& payload :
       {std::string(), std::string("[]"), good + "x", good.substr(0, good.size() - 1),
        Claims{.more = R"("sub": "system:serviceaccount:a:b")"}.Json(),
        Claims{.more = R"("exp": 1900000000)"}.Json()}) {
    ExpectUnidentified(Rsa().Sign(kRsHeader, payload));
  }
}

TEST(ServiceAccountTokenTest, Row35EachBitAndEachLengthOfASignatureMatters) {
  for (const std::string& token :
       {Rsa().Sign(kRsHeader, Claims().Json()), Ec().Sign(kEsHeader, Claims().Json())}) {
    const size_t dot = token.rfind('.');
    const std::string input = token.substr(0, dot + 1);
    const std::string signature = *StrictBase64UrlDecode(token.substr(dot + 1));
    for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
      std::string flipped = signature;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      ExpectUnidentified(input + Base64UrlEncode(flipped));
    }
    for (size_t size = 0; size < signature.size(); ++size) {
      ExpectUnidentified(input + Base64UrlEncode(signature.substr(0, size)));
    }
    ExpectUnidentified(input + Base64UrlEncode(signature + '\0'));
    ExpectUnidentified(input + Base64UrlEncode(std::string(signature.size(), '\0')));
  }
}

TEST(ServiceAccountTokenTest, Row35SignatureOfAnotherTokenIsRefused) {
  const std::string token = Rsa().Sign(kRsHeader, Claims().Json());
  const std::string other = Rsa().Sign(kRsHeader, Claims{.aud = R"("other")"}.Json());
  ExpectUnidentified(other.substr(0, other.rfind('.')) + token.substr(token.rfind('.')));
}

TEST(ServiceAccountTokenTest, Row35FormIsStrict) {
  const std::string token = Ec().Sign(kEsHeader, Claims().Json());
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  for (const std::string& odd :
       {std::string(), std::string("."), std::string(".."), token + ".", "." + token, token + "=",
        token + "\n", " " + token, parts[0] + "." + parts[1],
        parts[0] + "=." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2],
        absl::StrCat(token, ".", parts[2], ".", parts[2]), std::string(8193, 'a')}) {
    ExpectUnidentified(odd);
  }
}

TEST(ServiceAccountTokenTest, NoMessageQuotesTheToken) {
  const std::string token = Rsa().Sign(kRsHeader, Claims{.sub = R"("canary-4711")"}.Json());
  const auto caller = Check(token);
  ASSERT_FALSE(caller.ok());
  EXPECT_FALSE(absl::StrContains(caller.status().ToString(), "canary"));
}

}  // namespace
}  // namespace credbroker
