#include "service/scram/messages.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "tests/scram/vectors.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOurs[] = "abcdefghijklmnopqrstuvwx";

ServerFirst Challenge() {
  return {std::string(kOurs) + "yz", Base64Encode("0123456789abcdef"), 4096};
}

std::optional<Reason> Judge(const ServerFirst& challenge, const ScramLimits& limits = {}) {
  const absl::StatusOr<std::string> salt = ValidateServerFirst(challenge, kOurs, limits);
  return salt.ok() ? std::nullopt : ReasonOf(salt.status());
}

std::optional<Reason> JudgeNonce(absl::string_view nonce) {
  ServerFirst challenge = Challenge();
  challenge.nonce = std::string(nonce);
  return Judge(challenge);
}

std::optional<Reason> JudgeSalt(absl::string_view salt) {
  ServerFirst challenge = Challenge();
  challenge.salt = std::string(salt);
  return Judge(challenge);
}

std::optional<Reason> JudgeIterations(uint64_t count, uint32_t most) {
  ServerFirst challenge = Challenge();
  challenge.iteration_count = count;
  ScramLimits limits;
  limits.max_iterations = most;
  return Judge(challenge, limits);
}

TEST(MessagesTest, Rfc5802Section5) {
  const ScramVector& v = kScramVectors[0];
  EXPECT_EQ(ClientFirstMessageBare("user", v.client_nonce), "n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(ServerFirstMessage(v.server_first()),
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
  EXPECT_EQ(ClientFinalMessageWithoutProof(v.nonce),
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j");
  EXPECT_EQ(Base64Encode("n,,"), "biws");
  EXPECT_EQ(AuthMessage("a", "b", "c"), "a,b,c");
}

TEST(MessagesTest, SaslNameEscapesEqualsAndComma) {
  EXPECT_EQ(SaslName("user"), "user");
  EXPECT_EQ(SaslName("a=b,c"), "a=3Db=2Cc");
  // What looks escaped already is not left alone.
  EXPECT_EQ(SaslName("=2C"), "=3D2C");
  EXPECT_EQ(SaslName("=,=,"), "=3D=2C=3D=2C");
  EXPECT_EQ(ClientFirstMessageBare("a,r=x", "n"), "n=a=2Cr=3Dx,r=n");
}

TEST(MessagesTest, ClientNonceOfEighteenBytesIsTextWithoutComma) {
  const std::string nonce = MakeClientNonce(std::string(18, '\xff'));
  EXPECT_EQ(nonce, "////////////////////////");
  EXPECT_TRUE(IsNonce(nonce));
  EXPECT_TRUE(IsNonce(MakeClientNonce(std::string(19, '\0'))));
}

TEST(MessagesDeathTest, ClientNonceOfSeventeenBytesAborts) {
  EXPECT_DEATH(MakeClientNonce(std::string(17, 'x')), "");
}

TEST(ValidateServerFirstTest, ReturnsTheSaltDecoded) {
  const absl::StatusOr<std::string> salt = ValidateServerFirst(Challenge(), kOurs, {});
  ASSERT_TRUE(salt.ok()) << salt.status();
  EXPECT_EQ(*salt, "0123456789abcdef");
}

TEST(ValidateServerFirstTest, Row11NonceThatDoesNotExtendOursIsRefused) {
  const std::string whole = Challenge().nonce;
  const std::string ours = kOurs;
  for (size_t size = 0; size <= ours.size(); ++size) {
    EXPECT_EQ(JudgeNonce(whole.substr(0, size)), Reason::kUpstreamUntrusted) << size;
  }
  EXPECT_EQ(JudgeNonce(ours + "y"), std::nullopt);
  for (size_t i = 0; i < ours.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      EXPECT_EQ(JudgeNonce(flipped), Reason::kUpstreamUntrusted) << i << " " << bit;
    }
  }
  EXPECT_EQ(JudgeNonce("x" + whole), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row11NonceWithOtherCharactersIsRefused) {
  for (int c = 0; c < 256; ++c) {
    const bool allowed = c >= 0x21 && c <= 0x7e && c != ',';
    const std::string nonce = kOurs + std::string(1, static_cast<char>(c));
    EXPECT_EQ(JudgeNonce(nonce), allowed ? std::nullopt : std::optional(Reason::kUpstreamUntrusted))
        << c;
  }
}

TEST(ValidateServerFirstTest, Row11NonceOf1024BytesPassesAndOf1025IsRefused) {
  const std::string ours = kOurs;
  EXPECT_EQ(JudgeNonce(ours + std::string(1024 - ours.size(), 'x')), std::nullopt);
  EXPECT_EQ(JudgeNonce(ours + std::string(1025 - ours.size(), 'x')), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row12IterationCountsAtTheBounds) {
  EXPECT_EQ(JudgeIterations(0, 10'000), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeIterations(1, 10'000), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeIterations(4095, 10'000), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeIterations(4096, 10'000), std::nullopt);
  EXPECT_EQ(JudgeIterations(10'000, 10'000), std::nullopt);
  EXPECT_EQ(JudgeIterations(10'001, 10'000), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row12CountThatIs4096Modulo32BitsIsRefused) {
  EXPECT_EQ(JudgeIterations(4294971392, 0xffffffff), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeIterations(~uint64_t{0}, 0xffffffff), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row13EmptySaltIsRefused) {
  EXPECT_EQ(JudgeSalt(""), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row13SaltOverOneKilobyteIsRefused) {
  EXPECT_EQ(JudgeSalt(Base64Encode("x")), std::nullopt);
  EXPECT_EQ(JudgeSalt(Base64Encode(std::string(1024, 'x'))), std::nullopt);
  EXPECT_EQ(JudgeSalt(Base64Encode(std::string(1025, 'x'))), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSalt(Base64Encode(std::string(1026, 'x'))), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSalt(Base64Encode(std::string(1027, 'x'))), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSalt(Base64Encode(std::string(100'000, 'x'))), Reason::kUpstreamUntrusted);
}

TEST(ValidateServerFirstTest, Row13SaltThatIsNotCanonicalBase64IsRefused) {
  for (const char* salt : {"QQ", "QQ=", "QR==", "QUJ=", "QUI", " QUI=", "QUI= ", "QUI=\n",
                           "QU\nI=", "QUI==", "Q===", "====", "QUI=QUI=", "-_-_", "Q*==", "QQ.."}) {
    EXPECT_EQ(JudgeSalt(salt), Reason::kUpstreamUntrusted) << salt;
  }
}

TEST(ValidateServerFirstTest, Row13SaltTruncatedToAnyLengthIsRefusedOrAnotherSalt) {
  // Base64 cut at a whole group is canonical base64 of fewer bytes: such a salt makes other keys,
  // and the signature then fails (exchange_test).
  const std::string salt = Challenge().salt;
  for (size_t size = 0; size < salt.size(); ++size) {
    const bool canonical = size > 0 && size % 4 == 0;
    EXPECT_EQ(JudgeSalt(salt.substr(0, size)),
              canonical ? std::nullopt : std::optional(Reason::kUpstreamUntrusted))
        << size;
  }
}

TEST(ValidateServerFirstTest, RefusalQuotesNothing) {
  ServerFirst challenge = Challenge();
  challenge.salt = "canary";
  const absl::Status status = ValidateServerFirst(challenge, kOurs, {}).status();
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("canary")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr(kOurs)));
}

}  // namespace
}  // namespace credbroker
