#include "service/callers/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/base/clock.h"
#include "service/model/failure.h"
#include "service/model/principal.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

constexpr char kPeer[] = "ipv4:127.0.0.1:4711";
const absl::Time kNow = SystemClock().Wall();
const absl::Time kTokenEnd = kNow + absl::Minutes(10);

// Knows one token, whose owner is "k8s:a/b".
class OneToken : public BearerTokens {
 public:
  absl::StatusOr<Caller> Verify(absl::string_view token, absl::Time now) const override {
    if (token != "good" || now >= kTokenEnd) {
      return Failure(Reason::kCallerUnidentified, "the token does not count");
    }
    return Caller{{"k8s:a/b"}, "", kTokenEnd};
  }
};

std::string Certificate(absl::Duration valid_until = absl::Hours(1)) {
  static const CertificateAuthority authority;
  return authority
      .Issue({.alternative_names = {"URI:spiffe://a.example/b"}, .valid_until = valid_until})
      .certificate;
}

using Sent = std::vector<absl::string_view>;

TEST(LoopbackAuthenticatorTest, PeerOnThisMachineIsLocal) {
  for (const char* peer : {"ipv4:127.0.0.1:4711", "ipv4:127.9.9.9:1", "ipv6:[::1]:4711"}) {
    const auto caller = LoopbackAuthenticator().Identify({peer}, kNow);
    ASSERT_TRUE(caller.ok()) << peer;
    EXPECT_THAT(caller->principals, ElementsAre(kLocalPrincipal)) << peer;
    EXPECT_EQ(caller->peer, peer);
  }
}

TEST(LoopbackAuthenticatorTest, PeerFromElsewhereIsNobody) {
  for (const char* peer : {"ipv4:10.0.0.1:4711", "ipv4:1.127.0.1:1", "ipv6:[::2]:1", "unix:", ""}) {
    EXPECT_EQ(ReasonOf(LoopbackAuthenticator().Identify({peer}, kNow).status()),
              Reason::kCallerUnidentified)
        << peer;
  }
}

TEST(LoopbackAuthenticatorTest, TokenAddsItsOwnerWhereTokensCount) {
  const OneToken tokens;
  const Sent sent = {"Bearer good"};
  const auto caller = LoopbackAuthenticator(&tokens).Identify({kPeer, "", sent}, kNow);
  ASSERT_TRUE(caller.ok());
  EXPECT_THAT(caller->principals, ElementsAre("local", "k8s:a/b"));
  const auto without = LoopbackAuthenticator().Identify({kPeer, "", sent}, kNow);
  ASSERT_TRUE(without.ok());
  EXPECT_THAT(without->principals, ElementsAre("local"));
  EXPECT_NE(LoopbackAuthenticator().Everyone(), nullptr);
  EXPECT_EQ(LoopbackAuthenticator(&tokens).Everyone(), nullptr);
}

TEST(TlsAuthenticatorTest, CallerIsWhomTheCertificateNames) {
  const TlsAuthenticator authenticator;
  const std::string leaf = Certificate();
  // From the second time on it is remembered.
  for (int i = 0; i < 3; ++i) {
    const auto caller = authenticator.Identify({"ipv4:10.0.0.1:1", leaf}, kNow);
    ASSERT_TRUE(caller.ok());
    EXPECT_THAT(caller->principals, ElementsAre("spiffe://a.example/b"));
    EXPECT_EQ(caller->peer, "ipv4:10.0.0.1:1");
    EXPECT_LT(caller->expires, kNow + absl::Hours(2));
  }
  EXPECT_EQ(authenticator.Everyone(), nullptr);
}

TEST(TlsAuthenticatorTest, Row34CallerWithoutCertificateIsNobodyEvenOnLoopback) {
  EXPECT_EQ(ReasonOf(TlsAuthenticator().Identify({kPeer}, kNow).status()),
            Reason::kCallerUnidentified);
  const Sent sent = {"Bearer good"};
  EXPECT_EQ(ReasonOf(TlsAuthenticator().Identify({kPeer, "", sent}, kNow).status()),
            Reason::kCallerUnidentified);
}

TEST(TlsAuthenticatorTest, CertificateThatExpiresWhileItsConnectionLivesCountsNoMore) {
  const TlsAuthenticator authenticator;
  const std::string leaf = Certificate(absl::Minutes(5));
  const auto caller = authenticator.Identify({kPeer, leaf}, kNow);
  ASSERT_TRUE(caller.ok());
  EXPECT_TRUE(authenticator.Identify({kPeer, leaf}, caller->expires - absl::Nanoseconds(1)).ok());
  EXPECT_EQ(ReasonOf(authenticator.Identify({kPeer, leaf}, caller->expires).status()),
            Reason::kCallerUnidentified);
}

TEST(TlsAuthenticatorTest, TokenAloneOrBesideACertificate) {
  const OneToken tokens;
  const TlsAuthenticator authenticator(&tokens);
  for (const char* header : {"Bearer good", "bearer good", "BEARER good"}) {
    const Sent sent = {header};
    const auto alone = authenticator.Identify({kPeer, "", sent}, kNow);
    ASSERT_TRUE(alone.ok()) << header;
    EXPECT_THAT(alone->principals, ElementsAre("k8s:a/b"));
    EXPECT_EQ(alone->expires, kTokenEnd);
  }
  const Sent sent = {"Bearer good"};
  const auto both = authenticator.Identify({kPeer, Certificate(), sent}, kNow);
  ASSERT_TRUE(both.ok());
  EXPECT_THAT(both->principals, ElementsAre("spiffe://a.example/b", "k8s:a/b"));
  EXPECT_EQ(both->expires, kTokenEnd);
  const auto short_lived =
      authenticator.Identify({kPeer, Certificate(absl::Minutes(2)), sent}, kNow);
  ASSERT_TRUE(short_lived.ok());
  EXPECT_LT(short_lived->expires, kTokenEnd);
}

TEST(TlsAuthenticatorTest, Row34And35WhatIsShownAndInvalidIsNotMadeUpForByTheOther) {
  const OneToken tokens;
  const TlsAuthenticator authenticator(&tokens);
  const std::string leaf = Certificate();
  for (const Sent& sent :
       {Sent{"Bearer bad"}, Sent{"Bearer "}, Sent{"Bearer"}, Sent{""}, Sent{"good"},
        Sent{"Basic good"}, Sent{"Bearer  good"}, Sent{"Bearer good", "Bearer good"}}) {
    EXPECT_EQ(ReasonOf(authenticator.Identify({kPeer, leaf, sent}, kNow).status()),
              Reason::kCallerUnidentified)
        << sent[0];
  }
  const Sent good = {"Bearer good"};
  EXPECT_EQ(ReasonOf(authenticator.Identify({kPeer, "no certificate", good}, kNow).status()),
            Reason::kCallerUnidentified);
}

}  // namespace
}  // namespace credbroker
