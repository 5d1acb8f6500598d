#include "service/scram/exchange.h"

#include <optional>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"

#include "service/base/base64.h"
#include "service/model/failure.h"
#include "tests/scram/vectors.h"

namespace credbroker {
namespace {

static_assert(!std::is_copy_constructible_v<ScramExchange>);

ScramExchange Start(const ScramVector& v) {
  return ScramExchange::New(v.mechanism, "user", v.client_nonce, {}).value();
}

ScramKeys PencilKeys(const KeyParameters& parameters) {
  return DeriveKeys(parameters, Secret::Copy("pencil"));
}

// An exchange whose proof has been made.
ScramExchange AwaitingServerFinal(const ScramVector& v, const ScramKeys& keys) {
  ScramExchange exchange = Start(v);
  exchange.ClientFirst();
  EXPECT_TRUE(exchange.OnServerFirst(v.server_first()).ok());
  exchange.ClientFinal(keys);
  return exchange;
}

class ExchangeTest : public testing::TestWithParam<ScramVector> {
 protected:
  const ScramVector& v_ = GetParam();
  ScramKeys keys_ = PencilKeys({v_.mechanism, StrictBase64Decode(v_.salt).value(), 4096});

  std::optional<Reason> JudgeSignature(absl::string_view signature) {
    return ReasonOf(AwaitingServerFinal(v_, keys_).VerifyServerFinal(signature));
  }
};
INSTANTIATE_TEST_SUITE_P(Vectors, ExchangeTest, testing::ValuesIn(kScramVectors),
                         [](const auto& p) { return p.param.name; });

TEST_P(ExchangeTest, RunsAsTheVectorSays) {
  ScramExchange exchange = Start(v_);
  const ScramExchange::First first = exchange.ClientFirst();
  EXPECT_EQ(first.user, "user");
  EXPECT_EQ(first.nonce, v_.client_nonce);

  const absl::StatusOr<KeyParameters> parameters = exchange.OnServerFirst(v_.server_first());
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_EQ(parameters->mechanism, v_.mechanism);
  EXPECT_EQ(Base64Encode(parameters->salt), v_.salt);
  EXPECT_EQ(parameters->iteration_count, 4096u);

  const ScramExchange::Final final = exchange.ClientFinal(PencilKeys(*parameters));
  EXPECT_EQ(final.nonce, v_.nonce);
  EXPECT_EQ(final.proof, v_.proof);
  EXPECT_TRUE(exchange.VerifyServerFinal(v_.signature).ok());
}

TEST_P(ExchangeTest, CanMoveBetweenAnyTwoSteps) {
  ScramExchange a = Start(v_);
  a.ClientFirst();
  ScramExchange b = std::move(a);
  ASSERT_TRUE(b.OnServerFirst(v_.server_first()).ok());
  ScramExchange c = std::move(b);
  EXPECT_EQ(c.ClientFinal(keys_).proof, v_.proof);
  ScramExchange d = Start(v_);
  d = std::move(c);
  EXPECT_TRUE(d.VerifyServerFinal(v_.signature).ok());
}

TEST_P(ExchangeTest, Row15SignatureWithAnyBitFlippedIsRefused) {
  const std::string signature = StrictBase64Decode(v_.signature).value();
  for (size_t i = 0; i < signature.size() * 8; ++i) {
    std::string flipped = signature;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_EQ(JudgeSignature(Base64Encode(flipped)), Reason::kUpstreamUntrusted) << i;
  }
}

TEST_P(ExchangeTest, Row15SignatureTextWithAnyBitFlippedIsRefused) {
  for (size_t i = 0; i < std::string(v_.signature).size() * 8; ++i) {
    std::string flipped = v_.signature;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_EQ(JudgeSignature(flipped), Reason::kUpstreamUntrusted) << i;
  }
}

TEST_P(ExchangeTest, Row15SignatureOfAnyOtherLengthIsRefused) {
  const std::string signature = StrictBase64Decode(v_.signature).value();
  for (size_t size = 0; size < signature.size(); ++size) {
    EXPECT_EQ(JudgeSignature(Base64Encode(signature.substr(0, size))), Reason::kUpstreamUntrusted);
  }
  EXPECT_EQ(JudgeSignature(Base64Encode(signature + '\0')), Reason::kUpstreamUntrusted);
  const std::string text = v_.signature;
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(JudgeSignature(text.substr(0, size)), Reason::kUpstreamUntrusted) << size;
  }
}

TEST_P(ExchangeTest, Row15MissingOrLooselyEncodedSignatureIsRefused) {
  EXPECT_EQ(JudgeSignature(""), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSignature(std::string(v_.signature) + "\n"), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSignature(" " + std::string(v_.signature)), Reason::kUpstreamUntrusted);
  EXPECT_EQ(JudgeSignature(v_.proof), Reason::kUpstreamUntrusted);
}

TEST_P(ExchangeTest, Row11ServerNonceWithAnyBitFlippedIsRefusedOrFailsTheSignature) {
  const std::string nonce = v_.nonce;
  for (size_t i = 0; i < nonce.size() * 8; ++i) {
    ServerFirst tampered = v_.server_first();
    tampered.nonce[i / 8] = static_cast<char>(nonce[i / 8] ^ (1 << (i % 8)));
    ScramExchange exchange = Start(v_);
    exchange.ClientFirst();
    const absl::StatusOr<KeyParameters> parameters = exchange.OnServerFirst(tampered);
    if (!parameters.ok()) {
      EXPECT_EQ(ReasonOf(parameters.status()), Reason::kUpstreamUntrusted);
      continue;
    }
    // Only in the server's own part can another character be fine.
    EXPECT_GE(i / 8, std::string(v_.client_nonce).size());
    exchange.ClientFinal(keys_);
    EXPECT_FALSE(exchange.VerifyServerFinal(v_.signature).ok()) << i;
  }
}

TEST_P(ExchangeTest, Row13SaltWithAnyBitFlippedIsRefusedOrFailsTheSignature) {
  const std::string salt = v_.salt;
  for (size_t i = 0; i < salt.size() * 8; ++i) {
    ServerFirst tampered = v_.server_first();
    tampered.salt[i / 8] = static_cast<char>(salt[i / 8] ^ (1 << (i % 8)));
    ScramExchange exchange = Start(v_);
    exchange.ClientFirst();
    const absl::StatusOr<KeyParameters> parameters = exchange.OnServerFirst(tampered);
    if (!parameters.ok()) {
      EXPECT_EQ(ReasonOf(parameters.status()), Reason::kUpstreamUntrusted);
      continue;
    }
    EXPECT_NE(Base64Encode(parameters->salt), salt);
    exchange.ClientFinal(PencilKeys(*parameters));
    EXPECT_FALSE(exchange.VerifyServerFinal(v_.signature).ok()) << i;
  }
}

TEST_P(ExchangeTest, Row15ServerThatKnowsAnotherPasswordIsRefused) {
  const KeyParameters parameters{v_.mechanism, StrictBase64Decode(v_.salt).value(), 4096};
  const ScramKeys keys = DeriveKeys(parameters, Secret::Copy("pencil2"));
  ScramExchange exchange = AwaitingServerFinal(v_, keys);
  EXPECT_EQ(ReasonOf(exchange.VerifyServerFinal(v_.signature)), Reason::kUpstreamUntrusted);
}

const ScramVector& Sha1() { return kScramVectors[0]; }

TEST(ScramExchangeTest, UserIsSentPreparedAndUnescaped) {
  auto exchange = ScramExchange::New(Mechanism::kScramSha1, "a\u00ad=,\u2168", "nonce", {});
  ASSERT_TRUE(exchange.ok());
  EXPECT_EQ(exchange->ClientFirst().user, "a=,IX");
}

TEST(ScramExchangeTest, UserThatCannotBePreparedIsRefused) {
  const auto exchange = ScramExchange::New(Mechanism::kScramSha1, "a\x07", "nonce", {});
  EXPECT_EQ(ReasonOf(exchange.status()), Reason::kLoginRequired);
}

TEST(ScramExchangeTest, Row12LimitsAreThoseGiven) {
  ScramLimits limits;
  limits.max_iterations = 5000;
  for (const uint64_t count : {5000u, 5001u}) {
    auto exchange = ScramExchange::New(Mechanism::kScramSha1, "user", Sha1().client_nonce, limits);
    exchange->ClientFirst();
    ServerFirst server_first = Sha1().server_first();
    server_first.iteration_count = count;
    EXPECT_EQ(exchange->OnServerFirst(server_first).ok(), count == 5000) << count;
  }
}

TEST(ScramExchangeDeathTest, StepsOutOfOrderAbort) {
  const ScramKeys keys = PencilKeys({Mechanism::kScramSha1, "salt", 4096});
  EXPECT_DEATH(Start(Sha1()).OnServerFirst(Sha1().server_first()).IgnoreError(), "");
  EXPECT_DEATH(Start(Sha1()).ClientFinal(keys), "");
  EXPECT_DEATH(Start(Sha1()).VerifyServerFinal(Sha1().signature).IgnoreError(), "");
  ScramExchange exchange = Start(Sha1());
  exchange.ClientFirst();
  EXPECT_DEATH(exchange.ClientFirst(), "");
  EXPECT_DEATH(exchange.ClientFinal(keys), "");
}

TEST(ScramExchangeDeathTest, SecondProofAborts) {
  const ScramKeys keys = PencilKeys({Mechanism::kScramSha1, "salt", 4096});
  ScramExchange exchange = AwaitingServerFinal(Sha1(), keys);
  EXPECT_DEATH(exchange.ClientFinal(keys), "");
}

TEST(ScramExchangeDeathTest, ProofAfterARefusedChallengeAborts) {
  const ScramKeys keys = PencilKeys({Mechanism::kScramSha1, "salt", 4096});
  ScramExchange exchange = Start(Sha1());
  exchange.ClientFirst();
  ServerFirst server_first = Sha1().server_first();
  server_first.iteration_count = 1;
  ASSERT_FALSE(exchange.OnServerFirst(server_first).ok());
  EXPECT_DEATH(exchange.ClientFinal(keys), "");
  EXPECT_DEATH(exchange.OnServerFirst(Sha1().server_first()).IgnoreError(), "");
}

TEST(ScramExchangeDeathTest, SecondSignatureAborts) {
  const ScramKeys keys = PencilKeys({Mechanism::kScramSha1, "salt", 4096});
  ScramExchange exchange = AwaitingServerFinal(Sha1(), keys);
  ASSERT_FALSE(exchange.VerifyServerFinal("").ok());
  EXPECT_DEATH(exchange.VerifyServerFinal(Sha1().signature).IgnoreError(), "");
}

TEST(ScramExchangeDeathTest, WhatWasMovedFromAborts) {
  ScramExchange exchange = Start(Sha1());
  const ScramExchange moved = std::move(exchange);
  EXPECT_DEATH(exchange.ClientFirst(), "");
}

TEST(ScramExchangeDeathTest, ClientNonceThatIsNoneAborts) {
  EXPECT_DEATH(ScramExchange::New(Mechanism::kScramSha1, "user", "a,b", {}).IgnoreError(), "");
  EXPECT_DEATH(ScramExchange::New(Mechanism::kScramSha1, "user", "", {}).IgnoreError(), "");
}

}  // namespace
}  // namespace credbroker
