#include "service/main/reload.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "service/base/log.h"
#include "service/main/reload_thread.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/fake_audit.h"
#include "tests/fakes/fake_random.h"
#include "tests/fakes/token_signer.h"
#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What was handed over. TLS is whatever is in the certificate's file, unless it is "bad".
class FakeTarget : public ReloadTarget {
 public:
  void Use(const Config& config) override { configs.push_back(config); }
  absl::StatusOr<Commit> LoadTls(const TlsFiles& files) override {
    absl::StatusOr<std::string> content = Content(files.certificate_file);
    if (!content.ok()) return content.status();
    return [this, content = *content] { tls.push_back(content); };
  }
  absl::StatusOr<Commit> LoadKeySet(const std::string& file) override {
    absl::StatusOr<std::string> content = Content(file);
    if (!content.ok()) return content.status();
    return [this, content = *content] { key_sets.push_back(content); };
  }
  void OnSecretsChanged() override { ++secret_changes; }

  std::vector<Config> configs;
  std::vector<std::string> tls;
  std::vector<std::string> key_sets;
  int secret_changes = 0;

 private:
  static absl::StatusOr<std::string> Content(const std::string& file) {
    std::ifstream stream(file);
    std::string content(std::istreambuf_iterator<char>(stream), {});
    if (content == "bad") return absl::InvalidArgumentError("it is bad");
    return content;
  }
};

std::vector<std::string>& Logged() {
  static auto& events = *new std::vector<std::string>;
  return events;
}

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    Logged().clear();
    SetLogSink([](LogLevel, absl::string_view event, auto) { Logged().emplace_back(event); });
    folder_.Write("secret", "hunter2");
    folder_.Write("c.yaml", Text());
    Start();
  }
  ~ReloadTest() override { SetLogSink(nullptr); }

  static std::string Text(const std::string& more = "") {
    return absl::StrCat(R"(server: {listen: 127.0.0.1:0}
tenants:
- name: acme
  base_url: https://acme.example/api
  accounts:
  - {name: one, email: one@acme.example, password_file: secret}
)",
                        more);
  }
  static std::string WithTenant(const std::string& name) {
    return Text(absl::StrCat("- name: ", name, R"(
  base_url: https://beta.example/api
  accounts: [{name: one, email: one@beta.example, password_file: secret}]
)"));
  }

  void Start(std::optional<TlsFiles> tls = {}) {
    Config config = ConfigOf(Text(), folder_.Path("c.yaml"));
    config.server.tls = std::move(tls);
    reload_ =
        std::make_unique<Reload>(folder_.Path("c.yaml"), config,
                                 Reload::Parts{target_, metrics_, audit_, random_, SystemClock()});
    Look();
    target_.configs.clear();
  }
  void Look(bool asked = false) { reload_->Look(asked); }

  int Count(const std::string& metric, const std::string& source) const {
    const std::string series = absl::StrCat("\n", metric, "{source=\"", source, "\"} ");
    const std::string text = metrics_.Render();
    const size_t found = text.find(series);
    return found == std::string::npos ? -1 : std::stoi(text.substr(found + series.size()));
  }
  int Generation(const std::string& source) const {
    return Count("credbroker_config_generation", source);
  }
  int Failures(const std::string& source) const {
    return Count("credbroker_reload_failures_total", source);
  }
  static int TimesLogged(const std::string& event) {
    return static_cast<int>(std::count(Logged().begin(), Logged().end(), event));
  }

  TemporaryFolder folder_;
  FakeTarget target_;
  FakeRandom random_;
  Metrics metrics_{{"acme"}};
  FakeAudit audit_;
  std::unique_ptr<Reload> reload_;
};

TEST_F(ReloadTest, NothingHappensWhileNothingChanges) {
  Look();
  Look(/*asked=*/true);
  folder_.Write("c.yaml", Text());  // The same again.
  Look();
  EXPECT_THAT(target_.configs, IsEmpty());
  EXPECT_EQ(Generation("config"), 1);
  EXPECT_EQ(Failures("config"), 0);
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(ReloadTest, AnotherConfigurationIsHandedOver) {
  folder_.Write("c.yaml", WithTenant("beta"));
  Look();
  ASSERT_THAT(target_.configs, SizeIs(1));
  EXPECT_THAT(target_.configs[0].tenants, SizeIs(2));
  EXPECT_EQ(Generation("config"), 2);
  Look();
  EXPECT_THAT(target_.configs, SizeIs(1));
}

// Between its being loaded for the start and the first look.
TEST_F(ReloadTest, WhatChangedDuringTheStartIsNoticed) {
  folder_.Write("c.yaml", WithTenant("beta"));
  const Config before = ConfigOf(Text(), folder_.Path("c.yaml"));
  Reload reload(folder_.Path("c.yaml"), before,
                {target_, metrics_, audit_, random_, SystemClock()});
  reload.Look(false);
  ASSERT_THAT(target_.configs, SizeIs(1));
  EXPECT_EQ(Generation("config"), 2);
}

TEST_F(ReloadTest, Row31BadConfigurationLeavesTheLastOneInForceAndIsCountedAndToldOnce) {
  folder_.Write("c.yaml", "server: {}\n");
  for (int i = 0; i < 3; ++i) Look();
  EXPECT_THAT(target_.configs, IsEmpty());
  EXPECT_EQ(Failures("config"), 1);
  EXPECT_EQ(Generation("config"), 1);
  EXPECT_EQ(TimesLogged("reload_refused"), 2);  // Two faults.
  // Others are news.
  folder_.Write("c.yaml", "[\n");
  Look();
  EXPECT_EQ(Failures("config"), 2);
  EXPECT_EQ(TimesLogged("reload_refused"), 3);
  // What was in force all along is no change.
  folder_.Write("c.yaml", Text());
  Look();
  EXPECT_THAT(target_.configs, IsEmpty());
  EXPECT_EQ(Generation("config"), 1);
}

TEST_F(ReloadTest, Row31WhoAsksIsToldAgain) {
  folder_.Write("c.yaml", "[\n");
  Look();
  Look(/*asked=*/true);
  EXPECT_EQ(Failures("config"), 2);
  EXPECT_EQ(TimesLogged("reload_refused"), 2);
}

TEST_F(ReloadTest, Row31MissingConfigurationIsNoConfiguration) {
  unlink(folder_.Path("c.yaml").c_str());
  Look();
  EXPECT_EQ(Failures("config"), 1);
  EXPECT_THAT(target_.configs, IsEmpty());
}

// The fault is in a file that only the refused configuration names.
TEST_F(ReloadTest, Row31IsTakenUpOnceTheFileThatItNamesIsThere) {
  folder_.Write("c.yaml", absl::StrReplaceAll(Text(), {{"  accounts:",
                                                        "  ca_file: ca\n"
                                                        "  accounts:"}}));
  Look();
  EXPECT_EQ(Failures("config"), 1);
  folder_.Write("ca", CertificateAuthority().certificate());
  Look();
  EXPECT_THAT(target_.configs, SizeIs(1));
  EXPECT_EQ(Generation("config"), 2);
}

TEST_F(ReloadTest, Row32ChangedSecretIsNoticed) {
  folder_.Write("secret", "hunter3\n");
  Look();
  EXPECT_EQ(target_.secret_changes, 1);
  EXPECT_EQ(Generation("secret"), 2);
  Look();
  EXPECT_EQ(target_.secret_changes, 1);
}

TEST_F(ReloadTest, Row32SecretThatCannotBeReadIsCountedAndToldOnceAndTheOldOneIsNoChange) {
  for (const char* content : {"", "\n"}) {
    folder_.Write("secret", content);
    for (int i = 0; i < 3; ++i) Look();
  }
  EXPECT_EQ(Failures("secret"), 2);
  EXPECT_EQ(TimesLogged("reload_refused"), 1);  // The same words.
  unlink(folder_.Path("secret").c_str());
  Look();
  EXPECT_EQ(Failures("secret"), 3);
  EXPECT_EQ(target_.secret_changes, 0);
  folder_.Write("secret", "hunter2");
  Look();
  EXPECT_EQ(target_.secret_changes, 0);
  EXPECT_EQ(Generation("secret"), 1);
}

TEST_F(ReloadTest, Row32SecretThatWasMissingAtTheStartIsTakenUp) {
  unlink(folder_.Path("secret").c_str());
  Start();
  EXPECT_EQ(Failures("secret"), 0);  // The start says so itself.
  folder_.Write("secret", "hunter2");
  Look();
  EXPECT_EQ(target_.secret_changes, 1);
}

TEST_F(ReloadTest, Row32SecretOfANewAccountThatCannotBeReadIsTold) {
  folder_.Write("c.yaml", absl::StrReplaceAll(WithTenant("beta"), {{"secret}]", "none}]"}}));
  Look();
  EXPECT_THAT(target_.configs, SizeIs(1));
  EXPECT_EQ(Failures("secret"), 1);
  EXPECT_EQ(TimesLogged("reload_refused"), 1);
}

TEST_F(ReloadTest, Row33BadPairLeavesTheLastOneInForce) {
  folder_.Write("tls.crt", "one");
  folder_.Write("tls.key", "key");
  Start(TlsFiles{folder_.Path("tls.crt"), folder_.Path("tls.key"), ""});
  EXPECT_THAT(target_.tls, IsEmpty());
  folder_.Write("tls.crt", "bad");
  for (int i = 0; i < 3; ++i) Look();
  EXPECT_THAT(target_.tls, IsEmpty());
  EXPECT_EQ(Failures("tls"), 1);
  EXPECT_EQ(TimesLogged("reload_refused"), 1);
  folder_.Write("tls.crt", "two");
  Look();
  EXPECT_THAT(target_.tls, ElementsAre("two"));
  EXPECT_EQ(Generation("tls"), 2);
  // Any of the files may be the one that changed.
  folder_.Write("tls.key", "another key");
  Look();
  EXPECT_THAT(target_.tls, ElementsAre("two", "two"));
}

TEST_F(ReloadTest, WhatIsTakenUpAndWhatIsRefusedGoesOnRecord) {
  folder_.Write("secret", "hunter3");
  Look();
  folder_.Write("c.yaml", "server: {}\n");
  for (int i = 0; i < 3; ++i) Look();
  const std::vector<AuditEvent> events = audit_.events(AuditKind::kReload);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].reason, "secret");
  EXPECT_EQ(events[0].outcome, "ok");
  EXPECT_EQ(events[1].reason, "config");
  EXPECT_EQ(events[1].outcome, "failed");
}

// There is nobody to take up keys that the broker was not started with.
TEST_F(ReloadTest, KeySetThatIsNamedLaterWaitsForARestart) {
  folder_.Write("jwks.json", KeySet(TokenSigner::Curve().Jwk("k")));
  folder_.Write("c.yaml", Text("callers: {kubernetes: {jwks_file: jwks.json}}\n"));
  Look();
  EXPECT_THAT(target_.configs, SizeIs(1));
  EXPECT_THAT(target_.key_sets, IsEmpty());
}

TEST_F(ReloadTest, NoValueOfASecretIsEverLogged) {
  static auto& lines = *new std::string;
  SetLogSink([](LogLevel, absl::string_view, std::initializer_list<LogField> fields) {
    for (const LogField& field : fields) absl::StrAppend(&lines, field.json, "\n");
  });
  folder_.Write("secret", "hunter4");
  Look();
  folder_.Write("secret", std::string(5000, 'h') + "hunter5");
  Look();
  folder_.Write("c.yaml", "server: hunter6\n");
  Look();
  EXPECT_THAT(lines, testing::HasSubstr("larger than 4 KiB"));
  EXPECT_THAT(lines, Not(testing::HasSubstr("hunter")));
}

TEST_F(ReloadTest, ThreadLooksByItselfAndEnds) {
  ReloadThread thread(*reload_);
  folder_.Write("secret", "hunter3");
  const Instant late = SystemClock().Steady() + absl::Seconds(20);
  while (Generation("secret") < 2 && SystemClock().Steady() < late) thread.Ask();
  EXPECT_EQ(Generation("secret"), 2);
}

}  // namespace
}  // namespace credbroker
