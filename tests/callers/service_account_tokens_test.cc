#include "service/callers/service_account_tokens.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "service/model/failure.h"
#include "tests/fakes/token_signer.h"

namespace credbroker {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

const TokenSigner& Issuer() {
  static const TokenSigner signer = TokenSigner::Curve();
  return signer;
}

std::string TokenOf(absl::string_view kid, const TokenSigner& signer = Issuer()) {
  return signer.Sign(absl::StrCat(R"({"alg": "ES256", "kid": ")", kid, R"("})"),
                     R"({"iss": "i", "aud": "a", "exp": 1700003600,
                         "sub": "system:serviceaccount:n:s"})");
}

// Holds each fetch until the test answers it.
class ServiceAccountTokensTest : public testing::Test {
 protected:
  void Answer(absl::StatusOr<std::string> text) {
    ASSERT_FALSE(fetches_.empty());
    KeySource::Done done = std::move(fetches_.back());
    fetches_.pop_back();
    done(std::move(text));
  }
  bool Accepts(const std::string& token, absl::Time now = kStart) {
    const auto caller = tokens_.Verify(token, now);
    if (!caller.ok()) {
      EXPECT_EQ(ReasonOf(caller.status()), Reason::kCallerUnidentified);
    }
    return caller.ok();
  }

  int begun_ = 0;
  std::vector<KeySource::Done> fetches_;
  std::vector<absl::Status> reports_;
  const std::shared_ptr<KeySource> source_ = std::make_shared<KeySource>(
      [this](KeySource::Done done) {
        ++begun_;
        fetches_.push_back(std::move(done));
      },
      absl::Minutes(5), [this](const absl::Status& status) { reports_.push_back(status); });
  ServiceAccountTokens tokens_{{"i", "a"}, source_};
};

TEST_F(ServiceAccountTokensTest, TokenIsAcceptedOnceTheKeysAreKnown) {
  source_->Tick(kStart);
  EXPECT_FALSE(Accepts(TokenOf("k")));
  Answer(KeySet(Issuer().Jwk("k")));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Accepts(TokenOf("k")));
  EXPECT_EQ(begun_, 1);
}

TEST_F(ServiceAccountTokensTest, RememberedTokenEndsAMinuteAfterItsOwnEnd) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  const std::string token = TokenOf("k");
  const absl::Time end = kStart + absl::Hours(1);
  EXPECT_TRUE(Accepts(token));
  EXPECT_TRUE(Accepts(token, end));
  EXPECT_TRUE(Accepts(token, end + absl::Seconds(59)));
  EXPECT_FALSE(Accepts(token, end + absl::Seconds(60)));
}

TEST_F(ServiceAccountTokensTest, Row35UnknownKeyIsRefusedAndAskedFor) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("old")));
  const absl::Time later = kStart + absl::Seconds(10);
  EXPECT_FALSE(Accepts(TokenOf("new"), later));
  EXPECT_EQ(begun_, 2);
  Answer(KeySet(absl::StrCat(Issuer().Jwk("old"), ",", Issuer().Jwk("new"))));
  EXPECT_TRUE(Accepts(TokenOf("new"), later));
  EXPECT_TRUE(Accepts(TokenOf("old"), later));
}

TEST_F(ServiceAccountTokensTest, MadeUpKeyNamesCauseNoStorm) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(Accepts(TokenOf(absl::StrCat("made-up-", i)), kStart + absl::Milliseconds(i)));
  }
  EXPECT_EQ(begun_, 1);
  // One name again and again is asked for once.
  for (int i = 1; i <= 20; ++i) {
    EXPECT_FALSE(Accepts(TokenOf("made-up"), kStart + i * absl::Seconds(10)));
    if (!fetches_.empty()) Answer(KeySet(Issuer().Jwk("k")));
  }
  EXPECT_EQ(begun_, 2);
  // While a fetch is under way there is no second one.
  EXPECT_FALSE(Accepts(TokenOf("another"), kStart + absl::Seconds(240)));
  EXPECT_FALSE(Accepts(TokenOf("third"), kStart + absl::Seconds(280)));
  source_->Tick(kStart + absl::Hours(1));
  source_->Refresh(kStart + absl::Hours(1));
  EXPECT_EQ(begun_, 3);
}

TEST_F(ServiceAccountTokensTest, WithdrawnKeyEndsWhatItHasSignedThoughRemembered) {
  source_->Tick(kStart);
  Answer(KeySet(absl::StrCat(Issuer().Jwk("a"), ",", Issuer().Jwk("b"))));
  EXPECT_TRUE(Accepts(TokenOf("a")));
  EXPECT_TRUE(Accepts(TokenOf("b")));
  source_->Refresh(kStart);
  Answer(KeySet(Issuer().Jwk("b")));
  EXPECT_FALSE(Accepts(TokenOf("a")));
  EXPECT_TRUE(Accepts(TokenOf("b")));
}

TEST_F(ServiceAccountTokensTest, KeyThatWasReplacedUnderItsNameEndsWhatItHasSigned) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  const std::string token = TokenOf("k");
  EXPECT_TRUE(Accepts(token));
  const TokenSigner next = TokenSigner::Curve();
  source_->Refresh(kStart);
  Answer(KeySet(next.Jwk("k")));
  EXPECT_FALSE(Accepts(token));
  EXPECT_TRUE(Accepts(TokenOf("k", next)));
}

TEST_F(ServiceAccountTokensTest, LastGoodKeysStayWhenTheSourceFails) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  absl::Time now = kStart;
  const std::vector<absl::StatusOr<std::string>> bad = {absl::UnavailableError("down"), "", "{}",
                                                        KeySet(""),
                                                        KeySet(Issuer().Jwk("k")).substr(0, 60)};
  for (const auto& answer : bad) {
    source_->Refresh(now);
    Answer(answer);
    EXPECT_TRUE(Accepts(TokenOf("k"), now));
  }
  ASSERT_EQ(reports_.size(), 1 + bad.size());
  EXPECT_TRUE(reports_[0].ok());
  for (size_t i = 1; i < reports_.size(); ++i) EXPECT_FALSE(reports_[i].ok());
}

TEST_F(ServiceAccountTokensTest, KeysAreAskedForAheadAndSoonerAfterAFailure) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  source_->Tick(kStart + absl::Minutes(5) - absl::Nanoseconds(1));
  EXPECT_EQ(begun_, 1);
  absl::Time now = kStart + absl::Minutes(5);
  source_->Tick(now);
  EXPECT_EQ(begun_, 2);
  // 10 s, 20 s, 40 s … between tries.
  for (const int seconds : {10, 20, 40}) {
    Answer(absl::UnavailableError("down"));
    const int before = begun_;
    source_->Tick(now + absl::Seconds(seconds) - absl::Nanoseconds(1));
    EXPECT_EQ(begun_, before);
    now += absl::Seconds(seconds);
    source_->Tick(now);
    EXPECT_EQ(begun_, before + 1);
  }
  Answer(KeySet(Issuer().Jwk("k")));
  // The clock is set back.
  source_->Tick(kStart - absl::Hours(1));
  EXPECT_EQ(begun_, 6);
}

TEST_F(ServiceAccountTokensTest, SameKeysAgainChangeNothing) {
  source_->Tick(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  const auto keys = source_->keys();
  source_->Refresh(kStart);
  Answer(KeySet(Issuer().Jwk("k")));
  EXPECT_EQ(source_->keys(), keys);
  EXPECT_EQ(reports_.size(), 1u);
}

}  // namespace
}  // namespace credbroker
