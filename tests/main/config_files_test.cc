#include "service/main/config_files.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string NewCertificate() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(bio.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(CheckCertificates, OneAndSeveralWithTextBetween) {
  TemporaryFolder folder;
  const std::string one = NewCertificate();
  EXPECT_TRUE(CheckCertificates(folder.Write("one", one)).ok());
  EXPECT_TRUE(CheckCertificates(folder.Write("two", "# first\n" + one + "# second\n" + one)).ok());
}

TEST(CheckCertificates, RefusesADamagedBundle) {
  TemporaryFolder folder;
  const std::string one = NewCertificate();
  EXPECT_EQ(Message(CheckCertificates(folder.Path("none"))), "the file does not exist");
  EXPECT_EQ(Message(CheckCertificates(folder.Write("empty", ""))),
            "the file holds no PEM certificate");
  EXPECT_EQ(Message(CheckCertificates(folder.Write("text", "hello\n"))),
            "the file holds no PEM certificate");
  EXPECT_EQ(Message(CheckCertificates(folder.Write("cut", one + one.substr(0, one.size() / 2)))),
            "certificate 2 of 2 in the file cannot be read");
  std::string flipped = one;
  flipped[one.size() / 2] = '!';
  EXPECT_EQ(Message(CheckCertificates(folder.Write("flipped", flipped + one))),
            "certificate 1 of 2 in the file cannot be read");
}

TEST(CheckSecretFile, Row32WhatCanBeReadAndWhatCannot) {
  TemporaryFolder folder;
  EXPECT_TRUE(CheckSecretFile(folder.Write("one", "x")).ok());
  EXPECT_TRUE(CheckSecretFile(folder.Write("newline", "x\n")).ok());
  EXPECT_TRUE(CheckSecretFile(folder.Write("most", std::string(4096, 'x'))).ok());
  EXPECT_EQ(Message(CheckSecretFile(folder.Path("none"))), "the file does not exist");
  EXPECT_EQ(Message(CheckSecretFile(folder.path())), "this is a directory");
  EXPECT_EQ(Message(CheckSecretFile("/dev/null")), "this is not a regular file");
  EXPECT_THAT(Message(CheckSecretFile(folder.Write("empty", ""))), HasSubstr("empty"));
  EXPECT_THAT(Message(CheckSecretFile(folder.Write("only-newline", "\n"))), HasSubstr("empty"));
  EXPECT_THAT(Message(CheckSecretFile(folder.Write("more", std::string(4097, 'x')))),
              HasSubstr("larger than 4 KiB"));
}

TEST(ResolvePath, RelativeToTheConfigurationsFolder) {
  EXPECT_EQ(ResolvePath("/etc/credbroker/c.yaml", "secrets/a"), "/etc/credbroker/secrets/a");
  EXPECT_EQ(ResolvePath("conf/c.yaml", "a"), "conf/a");
  EXPECT_EQ(ResolvePath("c.yaml", "a"), "a");
  EXPECT_EQ(ResolvePath("/c.yaml", "a"), "/a");
  EXPECT_EQ(ResolvePath("/etc/c.yaml", "/run/a"), "/run/a");
}

constexpr char kTwoAccounts[] = R"(server: {listen: "127.0.0.1:0"}
tenants:
- name: acme
  base_url: https://acme.example
  accounts:
  - {name: a, email: a@acme.example, password_file: a}
  - name: b
    email: b@acme.example
    password_file: b
)";

TEST(CheckSecrets, Row32NamesTheAccountsField) {
  TemporaryFolder folder;
  const std::string file = folder.Write("c.yaml", kTwoAccounts);
  const Config config = ConfigOf(kTwoAccounts, file);
  EXPECT_THAT(Lines(CheckSecrets(config).faults),
              ElementsAre("f:6: tenants[0].accounts[0].password_file: the file does not exist",
                          "f:9: tenants[0].accounts[1].password_file: the file does not exist"));
  folder.Write("a", "secret\n");
  folder.Write("b", "secret\n");
  EXPECT_THAT(CheckSecrets(config).faults, IsEmpty());
  EXPECT_THAT(CheckSecrets(config).warnings, IsEmpty());
}

TEST(CheckSecrets, Row32AFileOfScramKeysMustHoldSuch) {
  const std::string text =
      absl::StrReplaceAll(kTwoAccounts, {{"password_file: b", "scram_keys_file: b"}});
  TemporaryFolder folder;
  folder.Write("a", "secret");
  const std::string file = folder.Write("c.yaml", text);
  const Config config = ConfigOf(text, file);
  EXPECT_EQ(config.tenants[0].accounts[1].scram_keys_file, folder.Path("b"));
  EXPECT_EQ(config.tenants[0].accounts[1].password_file, "");
  EXPECT_THAT(Lines(CheckSecrets(config).faults),
              ElementsAre("f:9: tenants[0].accounts[1].scram_keys_file: the file does not exist"));
  folder.Write("b", "secret");
  EXPECT_THAT(Lines(CheckSecrets(config).faults),
              ElementsAre(HasSubstr("f:9: tenants[0].accounts[1].scram_keys_file: the account's "
                                    "SCRAM keys file is not an acceptable JSON object")));
  const std::string key = "a2tra2tra2tra2tra2tra2tra2s=";  // 20 bytes
  chmod(folder
            .Write("b", absl::StrCat(R"({"version":1,"mechanism":"SCRAM-SHA-1","salt":"c2FsdA==",)",
                                     R"("iterationCount":4096,"clientKey":")", key,
                                     R"(","serverKey":")", key, R"("})"))
            .c_str(),
        0644);
  EXPECT_THAT(CheckSecrets(config).faults, IsEmpty());
  EXPECT_EQ(CheckSecrets(config).warnings.size(), 1u);
}

TEST(CheckSecrets, FilesOfOthersAreAWarning) {
  TemporaryFolder folder;
  const std::string file = folder.Write("c.yaml", kTwoAccounts);
  chmod(folder.Write("a", "secret").c_str(), 0640);
  folder.Write("b", "secret");
  const SecretFaults found = CheckSecrets(ConfigOf(kTwoAccounts, file));
  EXPECT_THAT(found.faults, IsEmpty());
  EXPECT_THAT(
      Lines(found.warnings),
      ElementsAre("f:6: tenants[0].accounts[0].password_file: the file can be read by others "
                  "than its owner"));
}

TEST(LoadConfig, Row32AMissingSecretIsNoFaultOfTheConfiguration) {
  TemporaryFolder folder;
  const auto loaded = LoadConfig(folder.Write("c.yaml", kTwoAccounts));
  ASSERT_TRUE(std::holds_alternative<Config>(loaded));
  EXPECT_EQ(std::get<Config>(loaded).tenants[0].accounts[1].password_file, folder.Path("b"));
}

TEST(LoadConfig, Row31FaultsOfSecretsAreSaidWithTheOthersAtOnce) {
  TemporaryFolder folder;
  chmod(folder.Write("b", "secret").c_str(), 0640);
  const std::string file = folder.Write("c.yaml", std::string(kTwoAccounts) + "unknown: 1\n");
  EXPECT_THAT(Lines(std::get<Faults>(LoadConfig(file))),
              ElementsAre("f:6: tenants[0].accounts[0].password_file: the file does not exist",
                          "f:9: tenants[0].accounts[1].password_file: the file can be read by "
                          "others than its owner",
                          "f:10: unknown: unknown field"));
}

TEST(LoadConfig, Row31FilesThatCannotBeReadAreOneFaultEach) {
  TemporaryFolder folder;
  const auto faults_of = [](const std::string& file) {
    return Lines(std::get<Faults>(LoadConfig(file)));
  };
  EXPECT_THAT(faults_of(folder.Path("none")), ElementsAre("f: the file does not exist"));
  EXPECT_THAT(faults_of(folder.path()), ElementsAre("f: this is a directory"));
  EXPECT_THAT(faults_of(folder.Write("empty", "")), ElementsAre("f: the file is empty"));
  EXPECT_THAT(faults_of(folder.Write("large", std::string((16 << 20) + 1, '#'))),
              ElementsAre("f: the file is larger than 16777216 bytes"));
}

TEST(ReadConfig, ACertificateFileIsReadAtOnce) {
  TemporaryFolder folder;
  const std::string text = std::string(kTwoAccounts) + "  ca_file: ca.crt\n";
  const std::string file = folder.Path("c.yaml");
  EXPECT_THAT(Lines(std::get<Faults>(ReadConfig(text, file))),
              ElementsAre("f:10: tenants[0].ca_file: the file does not exist"));
  folder.Write("ca.crt", NewCertificate());
  EXPECT_EQ(ConfigOf(text, file).tenants[0].ca_file, folder.Path("ca.crt"));
}

}  // namespace
}  // namespace credbroker
