#include "service/callers/certificate_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "service/base/clock.h"
#include "service/model/failure.h"
#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

using testing::ElementsAre;

const CertificateAuthority& Authority() {
  static const CertificateAuthority authority;
  return authority;
}

std::string Leaf(const CertificateOptions& options) {
  return Authority().Issue(options).certificate;
}

std::string Named(std::vector<std::string> names) {
  return Leaf({.alternative_names = std::move(names)});
}

std::vector<std::string> Principals(const std::string& leaf) {
  const auto caller = IdentifyCertificate(leaf);
  return caller.ok() ? caller->principals : std::vector<std::string>{"refused"};
}

void ExpectRefused(const std::string& leaf) {
  const auto caller = IdentifyCertificate(leaf);
  ASSERT_FALSE(caller.ok()) << caller->principals.front();
  EXPECT_EQ(ReasonOf(caller.status()), Reason::kCallerUnidentified);
}

TEST(CertificateIdentityTest, OneSpiffeIdIsTheWholeIdentity) {
  EXPECT_THAT(Principals(Named({"URI:spiffe://a.example/ns/b/sa/c"})),
              ElementsAre("spiffe://a.example/ns/b/sa/c"));
  EXPECT_THAT(Principals(Named({"DNS:d.example", "URI:spiffe://a.example/b", "email:e@x.example"})),
              ElementsAre("spiffe://a.example/b"));
}

TEST(CertificateIdentityTest, WithoutUriEachDnsNameAndAddressCounts) {
  EXPECT_THAT(Principals(Named({"DNS:a.example", "DNS:*.b.example", "email:C@x.example"})),
              ElementsAre("dns:a.example", "dns:*.b.example", "email:C@x.example"));
  EXPECT_THAT(Principals(Named({"IP:127.0.0.1", "DNS:a.example"})), ElementsAre("dns:a.example"));
}

TEST(CertificateIdentityTest, CommonNameCountsOnlyWithoutAnyAlternativeName) {
  EXPECT_THAT(Principals(Leaf({.common_name = "Jan M\xc3\xbcller"})),
              ElementsAre("cn:Jan M\xc3\xbcller"));
  ExpectRefused(Leaf({.common_name = "a", .alternative_names = {"IP:127.0.0.1"}}));
  ExpectRefused(Leaf({.common_name = ""}));
}

TEST(CertificateIdentityTest, Row34TwoUriNamesAreRefused) {
  ExpectRefused(Named({"URI:spiffe://a.example/b", "URI:spiffe://a.example/c"}));
  ExpectRefused(Named({"URI:spiffe://a.example/b", "URI:spiffe://a.example/b"}));
  ExpectRefused(Named({"URI:spiffe://a.example/b", "URI:https://a.example/b"}));
}

TEST(CertificateIdentityTest, Row34UriNameThatIsNoSpiffeIdIsRefusedWhateverElseThereIs) {
  for (const char* uri :
       {"URI:https://a.example/b", "URI:spiffe://a.example", "URI:spiffe://A.example/b",
        "URI:spiffe://a.example/../b", "URI:spiffe://a.example/b?c", "URI:spiffe://a.example/b#c",
        "URI:spiffe://a.example:1/b", "URI:spiffe://a.example/b/", "URI:"}) {
    ExpectRefused(Named({uri}));
    ExpectRefused(Named({"DNS:a.example", uri}));
  }
}

TEST(CertificateIdentityTest, Row34CertificateOfAnAuthorityIsRefused) {
  ExpectRefused(Leaf({.alternative_names = {"URI:spiffe://a.example/b"}, .is_ca = true}));
  ExpectRefused(Authority().certificate());
}

TEST(CertificateIdentityTest, Row34NamesWithNulOrControlCharactersAreRefused) {
  const std::string nul(1, '\0');
  for (const std::string& kind :
       {std::string("DNS:"), std::string("email:"), std::string("URI:spiffe://a.example/")}) {
    for (const std::string& odd :
         {nul, std::string("\n"), std::string("\x7f"), std::string(" "), std::string("\xc3\xa4")}) {
      ExpectRefused(Named({kind + "a" + odd + "b.example"}));
      ExpectRefused(Named({kind + "ab.example" + odd}));
    }
  }
  ExpectRefused(Named({"DNS:"}));
  ExpectRefused(Named({"DNS:good.example", "DNS:a" + nul + ".example"}));
  ExpectRefused(Leaf({.common_name = "a" + nul + "b"}));
  ExpectRefused(Leaf({.common_name = "a\nb"}));
}

TEST(CertificateIdentityTest, Row34WhatIsNoCertificateIsRefused) {
  const std::string good = Named({"DNS:a.example"});
  ExpectRefused("");
  ExpectRefused("x");
  ExpectRefused(Authority().Issue({}).key);
  for (size_t size = 0; size + 30 < good.size(); size += 7) ExpectRefused(good.substr(0, size));
}

TEST(CertificateIdentityTest, CallerExpiresAtNotAfter) {
  const absl::Time before = SystemClock().Wall();
  const auto caller = IdentifyCertificate(
      Leaf({.alternative_names = {"DNS:a.example"}, .valid_until = absl::Minutes(7)}));
  ASSERT_TRUE(caller.ok());
  // Certificates count in whole seconds.
  EXPECT_GE(caller->expires, before + absl::Minutes(7) - absl::Seconds(1));
  EXPECT_LE(caller->expires, SystemClock().Wall() + absl::Minutes(7) + absl::Seconds(1));
}

TEST(CertificateIdentityTest, FirstOfAChainCounts) {
  const CertificateAuthority intermediate =
      Authority().IssueAuthority({.common_name = "between", .is_ca = true});
  EXPECT_THAT(Principals(intermediate.Issue({.alternative_names = {"DNS:a.example"}}).certificate),
              ElementsAre("dns:a.example"));
}

}  // namespace
}  // namespace credbroker
