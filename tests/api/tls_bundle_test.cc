#include "service/api/tls_bundle.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/certificates.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const CertificateOptions kExpired = {.valid_from = -absl::Hours(2), .valid_until = -absl::Hours(1)};
const CertificateOptions kTooNew = {.valid_from = absl::Hours(1), .valid_until = absl::Hours(2)};

absl::StatusOr<TlsBundle> Read(const std::string& certificates, const std::string& key,
                               const std::string& client_ca = "") {
  return TlsBundle::Parse({certificates, Secret::Copy(key), client_ca}, absl::Now());
}

std::string WhyNot(const std::string& certificates, const std::string& key,
                   const std::string& client_ca = "") {
  return std::string(Read(certificates, key, client_ca).status().message());
}

class TlsBundleTest : public testing::Test {
 protected:
  // Without its last bytes.
  static std::string Truncated(const std::string& pem) { return pem.substr(0, pem.size() / 2); }

  const CertificateAuthority authority_;
  const CertifiedKey own_ = authority_.Issue({});
};

TEST_F(TlsBundleTest, ACertificateAndItsKeyAreEnough) {
  const auto bundle = Read(own_.certificate, own_.key);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_FALSE(bundle->has_client_ca());
  EXPECT_THAT(bundle->concerns(), IsEmpty());
  EXPECT_EQ(bundle->texts().certificates, own_.certificate);
  EXPECT_EQ(bundle->texts().private_key.RevealSecret(), own_.key);
}

TEST_F(TlsBundleTest, IntermediatesAndSeveralAuthoritiesAreTaken) {
  const CertificateAuthority other;
  const CertifiedKey below = authority_.IssueAuthority({.common_name = "between", .is_ca = true})
                                 .Issue({.rsa_bits = 2048});
  const auto bundle = Read(below.certificate, below.key,
                           "# one\n" + authority_.certificate() + "# two\n" + other.certificate());
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_TRUE(bundle->has_client_ca());
}

TEST_F(TlsBundleTest, Row33AKeyOfAnotherCertificateIsRefused) {
  const CertifiedKey other = authority_.Issue({});
  EXPECT_EQ(WhyNot(own_.certificate, other.key),
            "private_key_file: the key does not belong to the certificate");
  // Neither does that of an intermediate, wherever it stands in the file.
  EXPECT_EQ(WhyNot(other.certificate + own_.certificate, own_.key),
            "private_key_file: the key does not belong to the certificate");
}

TEST_F(TlsBundleTest, Row33EmptyAndUnreadableTextsAreRefused) {
  EXPECT_EQ(WhyNot("", own_.key), "certificate_file: the file holds no PEM certificate");
  EXPECT_EQ(WhyNot(own_.key, own_.key), "certificate_file: the file holds no PEM certificate");
  EXPECT_EQ(WhyNot(Truncated(own_.certificate), own_.key),
            "certificate_file: certificate 1 of 1 in the file cannot be read");
  const std::string no_key =
      "private_key_file: the file holds no PEM private key without a passphrase";
  EXPECT_EQ(WhyNot(own_.certificate, ""), no_key);
  EXPECT_EQ(WhyNot(own_.certificate, own_.certificate), no_key);
  EXPECT_EQ(WhyNot(own_.certificate, Truncated(own_.key)), no_key);
  EXPECT_EQ(WhyNot(own_.certificate, own_.key, "\n"),
            "client_ca_file: the file holds no PEM certificate");
  EXPECT_EQ(WhyNot(own_.certificate, own_.key, own_.key),
            "client_ca_file: the file holds no PEM certificate");
}

// gRPC would take the first and say nothing of the others.
TEST_F(TlsBundleTest, Row33ATruncatedSecondCertificateIsRefused) {
  const std::string second = CertificateAuthority().certificate();
  const std::string two = "client_ca_file: certificate 2 of 2 in the file cannot be read";
  for (size_t cut = 30; cut < second.size() - 5; cut += 41) {
    EXPECT_EQ(WhyNot(own_.certificate, own_.key, authority_.certificate() + second.substr(0, cut)),
              two)
        << cut;
  }
  EXPECT_EQ(WhyNot(own_.certificate + Truncated(second), own_.key),
            "certificate_file: certificate 2 of 2 in the file cannot be read");
}

TEST_F(TlsBundleTest, Row33WhatStandsBehindANulIsNotTaken) {
  const std::string nul(1, '\0');
  EXPECT_EQ(WhyNot(nul + own_.certificate, own_.key), "certificate_file: the file is no text");
  EXPECT_EQ(WhyNot(own_.certificate, nul + own_.key), "private_key_file: the file is no text");
  EXPECT_EQ(WhyNot(own_.certificate, own_.key, authority_.certificate() + nul),
            "client_ca_file: the file is no text");
}

TEST_F(TlsBundleTest, Row33AKeyThatIsTooWeakIsRefused) {
  const CertifiedKey weak = authority_.Issue({.rsa_bits = 1024});
  EXPECT_THAT(WhyNot(weak.certificate, weak.key), StartsWith("certificate_file: OpenSSL"));
}

TEST_F(TlsBundleTest, Row33AnExpiredCertificateIsRefused) {
  const CertifiedKey expired = authority_.Issue(kExpired);
  EXPECT_EQ(WhyNot(expired.certificate, expired.key),
            "certificate_file: the certificate has expired");
}

TEST_F(TlsBundleTest, Row33AuthoritiesThatHaveAllExpiredAreRefused) {
  const std::string old = CertificateAuthority(kExpired).certificate();
  EXPECT_EQ(WhyNot(own_.certificate, own_.key, old + old),
            "client_ca_file: every certificate in the file has expired");
  const auto mixed = Read(own_.certificate, own_.key, authority_.certificate() + old);
  ASSERT_TRUE(mixed.ok()) << mixed.status();
  EXPECT_THAT(mixed->concerns(), ElementsAre("client_ca_file: certificate 2 of 2 has expired"));
}

TEST_F(TlsBundleTest, ACertificateExpiresAtTheEndOfItsLastSecond) {
  const auto bundle = Read(own_.certificate, own_.key);
  ASSERT_TRUE(bundle.ok());
  const auto at = [&](absl::Time now) {
    return TlsBundle::Parse({own_.certificate, Secret::Copy(own_.key), ""}, now).ok();
  };
  EXPECT_TRUE(at(bundle->expires() - absl::Nanoseconds(1)));
  EXPECT_FALSE(at(bundle->expires()));
}

TEST_F(TlsBundleTest, ACertificateThatIsNotValidYetIsOfConcern) {
  const CertifiedKey early = authority_.Issue(kTooNew);
  const auto bundle =
      Read(early.certificate, early.key, CertificateAuthority(kTooNew).certificate());
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_THAT(bundle->concerns(), ElementsAre("certificate_file: the certificate is not valid yet",
                                              "client_ca_file: the certificate is not valid yet"));
}

TEST_F(TlsBundleTest, IsTheSameOnlyIfEachTextIs) {
  const CertifiedKey other = authority_.Issue({});
  const std::string ca = authority_.certificate();
  const auto bundle = Read(own_.certificate, own_.key, ca);
  EXPECT_TRUE(*bundle == *Read(own_.certificate, own_.key, ca));
  EXPECT_FALSE(*bundle == *Read(other.certificate, other.key, ca));
  EXPECT_FALSE(*bundle == *Read(own_.certificate, own_.key + "\n", ca));
  EXPECT_FALSE(*bundle == *Read(own_.certificate, own_.key));
}

class LoadTlsBundleTest : public TlsBundleTest {
 protected:
  LoadTlsBundleTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }
  ~LoadTlsBundleTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) const {
    const std::string file = folder_ + "/" + name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  static std::string RefusalOf(const TlsFiles& files) {
    return std::string(LoadTlsBundle(files, absl::Now()).status().message());
  }

  std::string folder_ = testing::TempDir() + "/credbroker-tls-XXXXXX";
};

TEST_F(LoadTlsBundleTest, ReadsTheFiles) {
  TlsFiles files = {Write("crt", own_.certificate), Write("key", own_.key), ""};
  const auto without = LoadTlsBundle(files, absl::Now());
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_TRUE(*without == *Read(own_.certificate, own_.key));
  files.client_ca_file = Write("ca", authority_.certificate());
  const auto with = LoadTlsBundle(files, absl::Now());
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_TRUE(*with == *Read(own_.certificate, own_.key, authority_.certificate()));
}

TEST_F(LoadTlsBundleTest, Row33SaysWhichFileIsBadAndNothingOfIt) {
  const TlsFiles good = {Write("crt", own_.certificate), Write("key", own_.key),
                         Write("ca", authority_.certificate())};
  TlsFiles bad = good;
  bad.certificate_file = folder_ + "/none";
  EXPECT_EQ(RefusalOf(bad), "certificate_file: the file does not exist");
  bad = good;
  bad.private_key_file = folder_;
  EXPECT_EQ(RefusalOf(bad), "private_key_file: this is a directory");
  bad.private_key_file = Write("bad", "canary");
  EXPECT_THAT(RefusalOf(bad), Not(HasSubstr("canary")));
  bad = good;
  bad.client_ca_file = Write("empty", "");
  // Not: no authorities are wanted.
  EXPECT_EQ(RefusalOf(bad), "client_ca_file: the file is empty");
}

}  // namespace
}  // namespace credbroker
