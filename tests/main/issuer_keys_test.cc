#include "service/main/issuer_keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/fakes/manual_loop.h"
#include "tests/fakes/manual_worker_pool.h"
#include "tests/fakes/token_signer.h"
#include "tests/upstream/fake_http_client.h"

namespace credbroker {
namespace {

constexpr char kUrl[] = "https://issuer.example/openid/v1/jwks";

class IssuerKeysTest : public testing::Test {
 protected:
  void Fetch(const std::string& bearer_file = "") {
    KubernetesCallers callers;
    callers.jwks_url = kUrl;
    callers.jwks_bearer_file = bearer_file;
    FetchFromUrl(callers, http_, loop_,
                 workers_)([this](absl::StatusOr<std::string> text) { got_ = std::move(text); });
    loop_.RunPosted();
  }
  // A file of this test's own.
  static std::string Write(const std::string& text) {
    const std::string file = testing::TempDir() + "issuer_keys_test_bearer";
    std::ofstream(file) << text;
    return file;
  }

  ManualLoop loop_;
  ImmediateWorkerPool workers_;
  FakeHttpClient http_;
  std::optional<absl::StatusOr<std::string>> got_;
};

TEST_F(IssuerKeysTest, KeySetIsTheBodyOfTheAnswer) {
  Fetch();
  ASSERT_EQ(http_.pending(), 1u);
  EXPECT_EQ(http_.request().url, kUrl);
  EXPECT_EQ(http_.request().method, HttpRequest::Method::kGet);
  EXPECT_EQ(http_.header("Authorization"), "");
  http_.Answer(200, {}, "{}");
  ASSERT_TRUE(got_.has_value() && got_->ok());
  EXPECT_EQ(**got_, "{}");
}

TEST_F(IssuerKeysTest, BearerFileIsReadAnewForEachFetch) {
  const std::string file = Write("canary-one\n");
  Fetch(file);
  EXPECT_EQ(http_.header("Authorization"), "Bearer canary-one");
  http_.Answer(200, {}, "{}");
  Write("canary-two");
  Fetch(file);
  EXPECT_EQ(http_.header("Authorization"), "Bearer canary-two");
  http_.Answer(200, {}, "{}");
}

TEST_F(IssuerKeysTest, WithoutItsBearerFileNothingIsAsked) {
  Fetch("/nonexistent/bearer");
  EXPECT_EQ(http_.pending(), 0u);
  ASSERT_TRUE(got_.has_value());
  EXPECT_FALSE(got_->ok());
}

TEST_F(IssuerKeysTest, AnyOtherAnswerIsNoKeySet) {
  for (const int status : {204, 301, 401, 403, 500}) {
    got_.reset();
    Fetch();
    http_.Answer(status, {}, "{}");
    ASSERT_TRUE(got_.has_value()) << status;
    EXPECT_FALSE(got_->ok()) << status;
  }
  Fetch();
  http_.Fail(absl::UnavailableError("down"), /*body_sent=*/false);
  EXPECT_FALSE(got_->ok());
}

TEST_F(IssuerKeysTest, KeysAreKeptFreshForAsLongAsSomebodyWantsThem) {
  KubernetesCallers callers;
  callers.jwks_url = kUrl;
  auto tokens = std::make_unique<KubernetesTokens>(callers, http_, loop_, workers_);
  const auto run = [&](absl::Duration duration) {
    loop_.Advance(duration);
    loop_.RunPosted();
  };
  run(absl::ZeroDuration());
  ASSERT_EQ(http_.sent(), 1);
  EXPECT_EQ(tokens->keys().keys(), nullptr);
  http_.Answer(200, {}, KeySet(TokenSigner::Curve().Jwk("k")));
  ASSERT_NE(tokens->keys().keys(), nullptr);
  run(absl::Seconds(59));
  EXPECT_EQ(http_.sent(), 1);
  run(absl::Seconds(2));
  EXPECT_EQ(http_.sent(), 2);
  http_.Answer(500, {}, "");
  EXPECT_NE(tokens->keys().keys()->Find("k"), nullptr);
  tokens.reset();
  run(absl::Minutes(5));
  EXPECT_EQ(http_.sent(), 2);
}

TEST_F(IssuerKeysTest, KeysMayBeInAFile) {
  KubernetesCallers callers;
  callers.jwks_file = Write(KeySet(TokenSigner::Curve().Jwk("k")));
  const KubernetesTokens tokens(callers, http_, loop_, workers_);
  loop_.RunPosted();
  ASSERT_NE(tokens.keys().keys(), nullptr);
  EXPECT_EQ(http_.sent(), 0);
  EXPECT_FALSE(tokens.keys().Offer("{}").ok());
  EXPECT_NE(tokens.keys().keys()->Find("k"), nullptr);
  EXPECT_TRUE(tokens.keys().Offer(KeySet(TokenSigner::Curve().Jwk("l"))).ok());
  EXPECT_EQ(tokens.keys().keys()->Find("k"), nullptr);
}

}  // namespace
}  // namespace credbroker
