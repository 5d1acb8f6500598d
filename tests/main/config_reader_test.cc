#include "service/main/config_reader.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::IsEmpty;

constexpr char kLeast[] = R"(server:
  listen: 127.0.0.1:8443
tenants:
- name: acme
  base_url: https://acme.polario.de/api
  accounts:
  - name: reporting
    email: reporting@acme.example
    password_file: secrets/acme-reporting
)";

constexpr char kEverything[] = R"(---
server:
  listen: "[::1]:0"
  reflection: true
  max_connection_age: 1h30m
  drain_delay: 250ms
  drain_grace: 5s
admin: {listen: 0.0.0.0:9091, status_page: true}
tenants:
- name: acme
  base_url: https://acme.polario.de:8443/api/
  proxy: http://proxy:3128
  mechanism: SCRAM-SHA-512
  max_iterations: 4096
  session_header: X-Session
  platform: Cms
  default_lifetime: 10m
  request_timeout: 3s
  caller_passwords: true
  accounts:
  - name: reporting
    email: reporting@acme.example
    platform: Other
    password_file: /run/secrets/reporting
  - name: "007"
    email: Second@acme.example
    password_file: secrets/second
- name: b
  base_url: http://localhost:8080
  accounts:
  - {name: reporting, email: reporting@acme.example, password_file: x}
sessions:
  refresh_at: 0.5
  refresh_concurrency: 1
  upstream_concurrency: 2
  max_sessions: 3
  idle_timeout: 5m
store: {memory: {}}
)";

TEST(ReadConfig, EveryDefault) {
  const Config config = ConfigOf(kLeast, "/etc/credbroker/c.yaml");
  EXPECT_EQ(config.server.listen, (HostPort{"127.0.0.1", 8443}));
  EXPECT_FALSE(config.server.reflection);
  EXPECT_EQ(config.server.max_connection_age, absl::Minutes(30));
  EXPECT_EQ(config.server.drain_delay, absl::ZeroDuration());
  EXPECT_EQ(config.server.drain_grace, absl::Seconds(20));
  EXPECT_FALSE(config.admin.has_value());
  EXPECT_FALSE(config.sessions.refresh_at.has_value());
  EXPECT_EQ(config.sessions.refresh_concurrency, 64);
  EXPECT_EQ(config.sessions.upstream_concurrency, 2048);
  EXPECT_EQ(config.sessions.max_sessions, 100'000u);
  EXPECT_EQ(config.sessions.idle_timeout, absl::Hours(24));
  ASSERT_EQ(config.tenants.size(), 1u);
  const Tenant& tenant = config.tenants[0];
  EXPECT_EQ(tenant.name, "acme");
  EXPECT_EQ(tenant.base_url, "https://acme.polario.de/api");
  EXPECT_EQ(tenant.ca_file, "");
  EXPECT_EQ(tenant.proxy, "");
  EXPECT_EQ(tenant.mechanism, Mechanism::kScramSha1);
  EXPECT_EQ(tenant.max_iterations, 1'000'000u);
  EXPECT_EQ(tenant.session_header, "Session");
  EXPECT_EQ(tenant.platform, "");
  EXPECT_EQ(tenant.default_lifetime, absl::Minutes(5));
  EXPECT_EQ(tenant.request_timeout, absl::Seconds(10));
  EXPECT_FALSE(tenant.caller_passwords);
  ASSERT_EQ(tenant.accounts.size(), 1u);
  EXPECT_EQ(tenant.accounts[0].name, "reporting");
  EXPECT_EQ(tenant.accounts[0].email, "reporting@acme.example");
  EXPECT_EQ(tenant.accounts[0].platform, "");
  EXPECT_EQ(tenant.accounts[0].password_file, "/etc/credbroker/secrets/acme-reporting");
}

TEST(ReadConfig, EverySettingOfServerAndSessions) {
  const Config config = ConfigOf(kEverything);
  EXPECT_EQ(config.server.listen, (HostPort{"::1", 0}));
  EXPECT_TRUE(config.server.reflection);
  EXPECT_EQ(config.server.max_connection_age, absl::Minutes(90));
  EXPECT_EQ(config.server.drain_delay, absl::Milliseconds(250));
  EXPECT_EQ(config.server.drain_grace, absl::Seconds(5));
  ASSERT_TRUE(config.admin.has_value());
  EXPECT_EQ(config.admin->listen, (HostPort{"0.0.0.0", 9091}));
  EXPECT_TRUE(config.admin->status_page);
  EXPECT_EQ(config.sessions.refresh_at, 0.5);
  EXPECT_EQ(config.sessions.refresh_concurrency, 1);
  EXPECT_EQ(config.sessions.upstream_concurrency, 2);
  EXPECT_EQ(config.sessions.max_sessions, 3u);
  EXPECT_EQ(config.sessions.idle_timeout, absl::Minutes(5));
}

TEST(ReadConfig, EverySettingOfTenants) {
  const Config config = ConfigOf(kEverything, "conf/c.yaml");
  ASSERT_EQ(config.tenants.size(), 2u);
  const Tenant& tenant = config.tenants[0];
  EXPECT_EQ(tenant.base_url, "https://acme.polario.de:8443/api");
  EXPECT_EQ(tenant.proxy, "http://proxy:3128");
  EXPECT_EQ(tenant.mechanism, Mechanism::kScramSha512);
  EXPECT_EQ(tenant.max_iterations, 4096u);
  EXPECT_EQ(tenant.session_header, "X-Session");
  EXPECT_EQ(tenant.platform, "Cms");
  EXPECT_EQ(tenant.default_lifetime, absl::Minutes(10));
  EXPECT_EQ(tenant.request_timeout, absl::Seconds(3));
  EXPECT_TRUE(tenant.caller_passwords);
  ASSERT_EQ(tenant.accounts.size(), 2u);
  EXPECT_EQ(tenant.accounts[0].platform, "Other");
  EXPECT_EQ(tenant.accounts[0].password_file, "/run/secrets/reporting");
  EXPECT_EQ(tenant.accounts[1].name, "007");
  EXPECT_EQ(tenant.accounts[1].platform, "Cms");
  EXPECT_EQ(tenant.accounts[1].password_file, "conf/secrets/second");
  EXPECT_EQ(config.tenants[1].base_url, "http://localhost:8080");
  ASSERT_EQ(config.secret_files.size(), 3u);
  EXPECT_EQ(config.secret_files[1].field, "tenants[0].accounts[1].password_file");
  EXPECT_EQ(config.secret_files[1].line, 27);
}

TEST(ReadConfig, AdminsDefaults) {
  const Config config = ConfigOf(std::string(kLeast) + "admin: {}\n");
  ASSERT_TRUE(config.admin.has_value());
  EXPECT_EQ(config.admin->listen, (HostPort{"127.0.0.1", 9090}));
  EXPECT_TRUE(config.admin->status_page);
}

TEST(ReadConfig, StatusPageIsOnByDefaultOnLoopbackOnly) {
  const auto page = [](const std::string& listen) {
    return ConfigOf(std::string(kLeast) + "admin: {listen: '" + listen + "'}\n").admin->status_page;
  };
  EXPECT_TRUE(page("127.0.0.1:9090"));
  EXPECT_TRUE(page("[::1]:9090"));
  EXPECT_FALSE(page("0.0.0.0:9090"));
  EXPECT_FALSE(page("[::]:9090"));
}

TEST(ReadConfig, JsonIsYaml) {
  const Config config = ConfigOf(R"({
  "server": {"listen": "127.0.0.1:0", "reflection": true, "drain_grace": "1s"},
  "tenants": [{
    "name": "acme", "base_url": "https://acme.example/", "max_iterations": 5000,
    "accounts": [{"name": "a", "email": "a@acme.example", "password_file": "a"}]
  }],
  "sessions": {"refresh_at": 0.75}
})");
  EXPECT_TRUE(config.server.reflection);
  EXPECT_EQ(config.server.drain_grace, absl::Seconds(1));
  EXPECT_EQ(config.sessions.refresh_at, 0.75);
  ASSERT_EQ(config.tenants.size(), 1u);
  EXPECT_EQ(config.tenants[0].max_iterations, 5000u);
}

// Nothing of a file that is cut off is ever taken for a fault of ours.
TEST(ReadConfig, Row31ADocumentCutAtAnyByteIsReadOrRefused) {
  const std::string whole = kEverything;
  int refused = 0;
  for (size_t size = 0; size <= whole.size(); ++size) {
    const auto read = ReadConfig(whole.substr(0, size), "f");
    if (const auto* faults = std::get_if<Faults>(&read)) {
      ++refused;
      EXPECT_FALSE(faults->empty());
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(ReadConfig, Row31ADocumentWithAnyByteReplacedIsReadOrRefused) {
  const std::string whole = kEverything;
  for (const char replacement : {'"', '\'', '{', ']', '&', '*', '!', '|', '\n', '\t', '\0', '\xff',
                                 ':', '-', '?', '%', '#', '@', '`'}) {
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = replacement;
      const auto read = ReadConfig(changed, "f");
      const auto* faults = std::get_if<Faults>(&read);
      EXPECT_TRUE(faults == nullptr || !faults->empty());
    }
  }
}

}  // namespace
}  // namespace credbroker
