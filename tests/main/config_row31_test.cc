// Row 31: one line per fault, with its path, all at once.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/main/config_testing.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kGood[] = R"(server:
  listen: 127.0.0.1:8443
tenants:
- name: acme
  base_url: https://acme.example/api
  accounts:
  - name: reporting
    email: reporting@acme.example
    password_file: secret
)";

std::string Replaced(const std::string& what, const std::string& with) {
  const std::string changed = absl::StrReplaceAll(kGood, {{what, with}});
  EXPECT_NE(changed, kGood) << what;
  return changed;
}

TEST(Row31, AllFaultsAtOnceByLine) {
  EXPECT_THAT(
      FaultsOf(R"(server:
  listen: 0.0.0.0:8443
  reflection: "true"
  drain_grace: 20
  lissten: x
tenants:
- base_url: http://acme.example
  max_iterations: 010
  accounts:
  - name: Reporting
    email: nobody
    email: twice@acme.example
- name: b
  base_url: https://b.example
  accounts: []
sessions: {refresh_at: 1}
unknown: {a: b}
)"),
      ElementsAre(
          "f:2: server.listen: without server.tls only a loopback address is accepted",
          "f:3: server.reflection: must be true or false, without quotes",
          "f:4: server.drain_grace: must be a duration, such as 30s, 5m or 250ms",
          "f:5: server.lissten: unknown field", "f:7: tenants[0].name: required",
          "f:7: tenants[0].base_url: must start with https:// (http is accepted for a "
          "loopback host only)",
          "f:8: tenants[0].max_iterations: must be a whole number from 4096 to 2147483647, "
          "in decimal digits, without quotes",
          "f:10: tenants[0].accounts[0].name: must be 1 to 63 characters a-z, 0-9, '.', '_' "
          "and '-', a letter or digit first",
          "f:10: tenants[0].accounts[0].password_file: required",
          "f:11: tenants[0].accounts[0].email: must be an e-mail address of printable "
          "ASCII, at most 254 bytes",
          "f:12: tenants[0].accounts[0].email: duplicate field, first on line 11",
          "f:15: tenants[1].accounts: must be a list, of one at least",
          "f:16: sessions.refresh_at: must be a number from 0.05 to 0.95, such as 0.8, "
          "without quotes",
          "f:17: unknown: unknown field"));
}

TEST(Row31, OfManyFaultsTheFirstHundredArePrinted) {
  Faults faults(100, {7, "a", "wrong"});
  const std::string hundred = DescribeAll(faults, "f");
  EXPECT_EQ(std::count(hundred.begin(), hundred.end(), '\n'), 100);
  EXPECT_THAT(hundred, testing::EndsWith("f:7: a: wrong\n"));
  faults.push_back({8, "b", "wrong"});
  EXPECT_EQ(DescribeAll(faults, "f"), hundred + "f: and 1 more\n");
  EXPECT_EQ(DescribeAll({}, "f"), "");
}

TEST(Row31, WhatIsRequired) {
  EXPECT_THAT(FaultsOf("a: 1\n"), ElementsAre("f:1: server: required", "f:1: tenants: required",
                                              "f:1: a: unknown field"));
  EXPECT_THAT(FaultsOf("server: {}\ntenants:\n- accounts:\n  - platform: Cms\n"),
              ElementsAre("f:1: server.listen: required", "f:3: tenants[0].name: required",
                          "f:3: tenants[0].base_url: required",
                          "f:4: tenants[0].accounts[0].name: required",
                          "f:4: tenants[0].accounts[0].email: required",
                          "f:4: tenants[0].accounts[0].password_file: required"));
}

TEST(Row31, WrongShapes) {
  EXPECT_THAT(FaultsOf("[]\n"), ElementsAre("f:1: must be a mapping of fields"));
  EXPECT_THAT(FaultsOf("text\n"), ElementsAre("f:1: must be a mapping of fields"));
  EXPECT_THAT(FaultsOf("server:\ntenants: {}\nsessions: 1\nstore: []\nadmin: x\n"),
              ElementsAre("f:1: server: must be a mapping of fields",
                          "f:2: tenants: must be a list, of one at least",
                          "f:3: sessions: must be a mapping of fields",
                          "f:4: store: must be a mapping of fields",
                          "f:5: admin: must be a mapping of fields"));
  EXPECT_THAT(FaultsOf("server: {listen: [a]}\ntenants: [x]\n"),
              ElementsAre("f:1: server.listen: must be text",
                          "f:2: tenants[0]: must be a mapping of fields"));
}

TEST(Row31, OneFieldWrong) {
  const struct {
    std::string field;  // Under the tenant, on line 6.
    std::string fault;
  } kCases[] = {
      {"proxy: http://proxy", "proxy: the port is missing"},
      {"mechanism: scram-sha-1", "mechanism: must be SCRAM-SHA-1, SCRAM-SHA-256 or SCRAM-SHA-512"},
      {"mechanism: 1",
       "mechanism: must be text (in quotes if it looks like a number or a boolean)"},
      {"max_iterations: 4095", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: 2147483648", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: 0x2000", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: 1e5", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: '4096'", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: 4096.0", "max_iterations: must be a whole number from 4096"},
      {"max_iterations: {}", "max_iterations: must be a whole number from 4096"},
      {"session_header: 'a b'", "session_header: must be the name of an HTTP header"},
      {"session_header: platform", "session_header: must not be a header that has another meaning"},
      {"platform: \"a\\r\\nX: y\"", "platform: must not hold control characters"},
      {"platform: \xc3\xa4", "platform: must be printable ASCII, at most 256 characters"},
      {"platform: ''", "platform: must not be empty"},
      {"platform:", "platform: must be text"},
      {"default_lifetime: 0s", "default_lifetime: must be a duration from 1s to 24h"},
      {"default_lifetime: 25h", "default_lifetime: must be a duration from 1s to 24h"},
      {"request_timeout: -1s", "request_timeout: must be a duration, such as"},
      {"request_timeout: 0s", "request_timeout: must be a duration from 1ms to 1h"},
      {"request_timeout: 10", "request_timeout: must be a duration, such as"},
      {"caller_passwords: yes", "caller_passwords: must be true or false, without quotes"},
      {"caller_passwords: 1", "caller_passwords: must be true or false, without quotes"},
      {"ca_file: nowhere.crt", "ca_file: the file does not exist"},
      {"Platform: Cms", "Platform: unknown field"},
      {"\"a b\\n\": 1", "a b\\n: unknown field"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(FaultsOf(Replaced("  accounts:", "  " + c.field + "\n  accounts:")),
                ElementsAre(StartsWith("f:6: tenants[0]." + c.fault)))
        << c.field;
  }
}

TEST(Row31, ServerAndAdmin) {
  const struct {
    std::string listen;
    std::string fault;
  } kCases[] = {
      {"8443", "must be text (in quotes if it looks like a number or a boolean)"},
      {"127.0.0.1", "must be HOST:PORT or [IPV6]:PORT, with a port from 0 to 65535"},
      {"'[::]:1'", "without server.tls only a loopback address is accepted"},
      {"broker:1", "without server.tls only a loopback address is accepted"},
      {"127.0.0.1.example:1", "without server.tls only a loopback address is accepted"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(FaultsOf(Replaced("127.0.0.1:8443", c.listen)),
                ElementsAre("f:2: server.listen: " + c.fault));
  }
  EXPECT_THAT(FaultsOf(std::string(kGood) + "admin: {listen: 127.0.0.1:8443, status_page: no}\n"),
              ElementsAre("f:10: admin.status_page: must be true or false, without quotes",
                          "f:10: admin.listen: must not be the address of server.listen"));
  EXPECT_THAT(FaultsOf(Replaced("tenants:", "  max_connection_age: 0s\ntenants:")),
              ElementsAre("f:3: server.max_connection_age: must be a duration from 1s to 8784h"));
}

TEST(Row31, Sessions) {
  EXPECT_THAT(FaultsOf(std::string(kGood) + R"(sessions:
  refresh_at: "0.8"
  refresh_concurrency: 0
  upstream_concurrency: -1
  max_sessions: 0
  idle_timeout: 1
)"),
              ElementsAre(HasSubstr("f:11: sessions.refresh_at: must be a number"),
                          HasSubstr("f:12: sessions.refresh_concurrency: must be a whole number"),
                          HasSubstr("f:13: sessions.upstream_concurrency: must be a whole number"),
                          HasSubstr("f:14: sessions.max_sessions: must be a whole number from 1"),
                          HasSubstr("f:15: sessions.idle_timeout: must be a duration")));
}

TEST(Row31, WhatMustNotOccurTwice) {
  EXPECT_THAT(
      FaultsOf(R"(server: {listen: 127.0.0.1:0}
tenants:
- name: a
  base_url: https://a.example
  accounts:
  - {name: x, email: one@a.example, password_file: p}
  - {name: x, email: two@a.example, password_file: p}
  - {name: y, email: ONE@a.example, password_file: p}
- name: a
  base_url: https://b.example
  accounts:
  - {name: x, email: one@a.example, password_file: p}
)"),
      ElementsAre("f:7: tenants[0].accounts[1].name: an account of this tenant has this name "
                  "on line 6 already",
                  "f:8: tenants[0].accounts[2].email: an account of this tenant has this "
                  "address on line 6 already",
                  "f:9: tenants[1].name: a tenant has this name on line 3 already"));
}

TEST(Row31, Stores) {
  const std::string good = kGood;
  EXPECT_THAT(FaultsOf(good + "store: {memory: {}}\n"), IsEmpty());
  EXPECT_THAT(FaultsOf(good + "store: {}\n"),
              ElementsAre("f:10: store: must have exactly one of memory, sqlite and etcd"));
  EXPECT_THAT(FaultsOf(good + "store: {memory: {size: 1}}\n"),
              ElementsAre("f:10: store.memory.size: unknown field"));
  EXPECT_THAT(FaultsOf(good + "store:\n  memory: {}\n  sqlite: {path: a}\n"),
              ElementsAre("f:10: store: must have exactly one of memory, sqlite and etcd",
                          "f:12: store.sqlite: not supported yet"));
}

TEST(Row31, WhatIsNotSupportedYetIsRefusedByNameAndCheckedAsToItsShape) {
  const std::string good = kGood;
  EXPECT_THAT(FaultsOf(good + R"(store:
  etcd: {endpoints: ["https://etcd:2379"], prefix: /credbroker/, ca_file: a, cert_file: b, key_file: c, username: d, password_file: e, sealing_key_file: f}
)"),
              ElementsAre("f:11: store.etcd: not supported yet"));
  EXPECT_THAT(FaultsOf(good + "store: {sqlite: {path: a, sealing_key_file: {}, size: 1}}\n"),
              ElementsAre("f:10: store.sqlite: not supported yet",
                          "f:10: store.sqlite.sealing_key_file: must be text",
                          "f:10: store.sqlite.size: unknown field"));
  EXPECT_THAT(FaultsOf(good + "store: {etcd: {endpoints: [true]}}\n"),
              ElementsAre("f:10: store.etcd: not supported yet",
                          HasSubstr("f:10: store.etcd.endpoints[0]: must be text")));
}

// SASLprep would make of it what another account may be called.
TEST(Row31, AnAddressIsAscii) {
  EXPECT_THAT(FaultsOf(Replaced("reporting@acme", "\uff52eporting@acme")),
              ElementsAre("f:8: tenants[0].accounts[0].email: must be an e-mail address of "
                          "printable ASCII, at most 254 bytes"));
}

// A value may be a secret in the wrong place.
TEST(Row31, NoValueIsEverPrinted) {
  for (const std::string& text :
       {Replaced("acme\n", "hunter2 !\n"), Replaced("127.0.0.1:8443", "hunter2"),
        Replaced("https://acme.example/api", "https://u:hunter2@a"),
        Replaced("reporting@acme.example", "hunter2"), Replaced("secret", "{a: hunter2}"),
        Replaced("name: acme", "name: \"\\hunter2\""), Replaced("name: acme", "name: *hunter2")}) {
    const std::vector<std::string> faults = FaultsOf(text);
    EXPECT_FALSE(faults.empty()) << text;
    for (const std::string& fault : faults) EXPECT_THAT(fault, Not(HasSubstr("hunter2")));
  }
}

TEST(Row31, NamesOfUnknownFieldsAreEscapedAndShortened) {
  EXPECT_EQ(FieldPath("a", "b\x1b[2J\n"), "a.b\\033[2J\\n");
  EXPECT_EQ(FieldPath("", std::string(65, 'x')), std::string(64, 'x') + "...");
  EXPECT_EQ(FieldPath("", std::string(64, 'x')), std::string(64, 'x'));
}

}  // namespace
}  // namespace credbroker
