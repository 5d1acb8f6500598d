// TLS, limits and the audit log.

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/fakes/certificates.h"
#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string File(const std::string& listen, const std::string& tls, const std::string& more = "") {
  return absl::StrCat("server:\n  listen: ", listen, "\n", tls, R"(tenants:
- name: acme
  base_url: https://acme.example/api
  accounts: [{name: a, email: a@acme.example, password_file: p}]
)",
                      more);
}

std::vector<std::string> Faults(const std::string& text) { return FaultsOf(text); }

class TlsConfig : public testing::Test {
 protected:
  TlsConfig() {
    const CertificateAuthority authority;
    const CertifiedKey server = authority.Issue({.alternative_names = {"DNS:broker"}});
    folder_.Write("tls.crt", server.certificate);
    folder_.Write("tls.key", server.key);
    folder_.Write("ca.crt", authority.certificate());
  }
  std::string Tls(const std::string& certificate, const std::string& key, const std::string& ca) {
    std::string text = absl::StrCat("  tls:\n    certificate_file: ", folder_.Path(certificate),
                                    "\n    private_key_file: ", folder_.Path(key), "\n");
    if (!ca.empty()) absl::StrAppend(&text, "    client_ca_file: ", folder_.Path(ca), "\n");
    return text;
  }
  TemporaryFolder folder_;
};

TEST_F(TlsConfig, EveryFieldAndAnyAddress) {
  const Config config = ConfigOf(File("0.0.0.0:8443", Tls("tls.crt", "tls.key", "ca.crt")), "f");
  ASSERT_TRUE(config.server.tls.has_value());
  EXPECT_EQ(*config.server.tls,
            (TlsFiles{folder_.Path("tls.crt"), folder_.Path("tls.key"), folder_.Path("ca.crt")}));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(TlsConfig, PathsAreRelativeToTheFile) {
  const Config config = ConfigOf(
      File("127.0.0.1:1", "  tls: {certificate_file: tls.crt, private_key_file: tls.key}\n"),
      folder_.Path("f"));
  ASSERT_TRUE(config.server.tls.has_value());
  EXPECT_EQ(*config.server.tls, (TlsFiles{folder_.Path("tls.crt"), folder_.Path("tls.key"), ""}));
}

TEST_F(TlsConfig, Row31WithoutItOnlyLoopbackIsAccepted) {
  EXPECT_THAT(Faults(File("0.0.0.0:8443", "")),
              ElementsAre("f:2: server.listen: without server.tls only a loopback address is "
                          "accepted"));
}

TEST_F(TlsConfig, Row31WhatIsWrong) {
  EXPECT_THAT(Faults(File("0.0.0.0:1", "  tls: {}\n")),
              ElementsAre("f:3: server.tls.certificate_file: required",
                          "f:3: server.tls.private_key_file: required"));
  folder_.Write("empty", "");
  EXPECT_THAT(Faults(File("0.0.0.0:1", Tls("none", "empty", "tls.key"))),
              ElementsAre("f:4: server.tls.certificate_file: the file does not exist",
                          "f:5: server.tls.private_key_file: the file is empty",
                          "f:6: server.tls.client_ca_file: the file holds no PEM certificate"));
  EXPECT_THAT(Faults(File("0.0.0.0:1", Tls("tls.crt", "tls.key", "") + "    ciphers: all\n")),
              ElementsAre("f:6: server.tls.ciphers: unknown field"));
}

TEST_F(TlsConfig, Row33FilesThatDoNotBelongTogether) {
  folder_.Write("other.key", CertificateAuthority().Issue({}).key);
  EXPECT_THAT(Faults(File("0.0.0.0:1", Tls("tls.crt", "other.key", "ca.crt"))),
              ElementsAre(HasSubstr("f:5: server.tls.private_key_file: ")));
}

TEST_F(TlsConfig, WarnsWhereNobodyCanBeIdentifiedAndOfAKeyThatOthersCanRead) {
  ASSERT_EQ(chmod(folder_.Path("tls.key").c_str(), 0644), 0);
  const Config config =
      ConfigOf(File("0.0.0.0:1", Tls("tls.crt", "tls.key", ""), "operators: [local]\n"), "f");
  EXPECT_THAT(Lines(config.warnings),
              ElementsAre("f:5: server.tls.private_key_file: the file can be read by others than "
                          "its owner",
                          HasSubstr("f:1: server.tls: identifies no caller"),
                          "f:10: operators: with server.tls no caller is `local`"));
}

TEST(Limits, EveryOneAndNone) {
  const Config config =
      ConfigOf(File("127.0.0.1:1", "",
                    "limits: {connections: 4, connections_per_peer: 3, in_flight_per_caller: 2, "
                    "upstream_calls_per_caller_per_second: 1}\n"),
               "f");
  EXPECT_EQ(config.connection_limits, (ConnectionLimits{4, 3}));
  EXPECT_EQ(config.caller_limits, (CallerLimits{2, 1}));
  const Config none = ConfigOf(File("127.0.0.1:1", "", "limits: {}\n"), "f");
  EXPECT_EQ(none.connection_limits, ConnectionLimits());
  EXPECT_EQ(none.caller_limits, CallerLimits());
}

// No limit is said by leaving it out.
TEST(Limits, Row31ZeroIsNotNoLimit) {
  for (const char* limit : {"connections", "connections_per_peer", "in_flight_per_caller",
                            "upstream_calls_per_caller_per_second"}) {
    EXPECT_THAT(
        Faults(File("127.0.0.1:1", "", absl::StrCat("limits: {", limit, ": 0}\n"))),
        ElementsAre(HasSubstr(absl::StrCat("f:7: limits.", limit, ": must be a whole number"))));
  }
  EXPECT_THAT(Faults(File("127.0.0.1:1", "", "limits: {connectoins: 1}\n")),
              ElementsAre("f:7: limits.connectoins: unknown field"));
}

TEST(Audit, FileOrStdout) {
  TemporaryFolder folder;
  const Config file =
      ConfigOf(File("127.0.0.1:1", "", "audit: {file: audit.jsonl}\n"), folder.Path("f"));
  ASSERT_TRUE(file.audit.has_value());
  EXPECT_EQ(*file.audit, (AuditOptions{folder.Path("audit.jsonl"), false}));
  EXPECT_NE(access(folder.Path("audit.jsonl").c_str(), F_OK), 0);
  const Config standard_output = ConfigOf(File("127.0.0.1:1", "", "audit: {stdout: {}}\n"), "f");
  ASSERT_TRUE(standard_output.audit.has_value());
  EXPECT_EQ(*standard_output.audit, (AuditOptions{"", true}));
  EXPECT_FALSE(ConfigOf(File("127.0.0.1:1", ""), "f").audit.has_value());
}

TEST(Audit, Row31WhatIsWrong) {
  const auto faults = [](const std::string& audit) {
    return Faults(File("127.0.0.1:1", "", "audit: " + audit + "\n"));
  };
  EXPECT_THAT(faults("{}"), ElementsAre("f:7: audit: must have exactly one of file and stdout"));
  EXPECT_THAT(faults("{file: a, stdout: {}}"),
              ElementsAre("f:7: audit: must have exactly one of file and stdout"));
  EXPECT_THAT(faults("{file: /nonexistent/a}"),
              ElementsAre("f:7: audit.file: its folder does not exist"));
  EXPECT_THAT(faults("{file: /}"), ElementsAre("f:7: audit.file: this is a directory"));
  EXPECT_THAT(faults("{stdout: {format: text}}"),
              ElementsAre("f:7: audit.stdout.format: unknown field"));
}

}  // namespace
}  // namespace credbroker
