#include "service/ops/audit_event.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace credbroker {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::EndsWith;

const absl::Time kTime = absl::FromUnixMicros(1'700'000'000'000'042);

TEST(AuditEvent, IsOneLineWithEveryFieldInTheContractsOrder) {
  AuditEvent event;
  event.kind = AuditKind::kTokenIssued;
  event.principal = "spiffe://a/b";
  event.peer = "ipv4:127.0.0.1:4711";
  event.rpc = "GetToken";
  event.tenant = "acme";
  event.account = "reporting";
  event.generation = 18'446'744'073'709'551'615u;
  event.token_fingerprint = "0123456789abcdef";
  event.outcome = "ok";
  EXPECT_EQ(AuditLine(event, kTime),
            R"({"time":"2023-11-14T22:13:20.000042Z","event":"token_issued",)"
            R"("principal":"spiffe://a/b","peer":"ipv4:127.0.0.1:4711","rpc":"GetToken",)"
            R"("tenant":"acme","account":"reporting","generation":18446744073709551615,)"
            R"("token_fingerprint":"0123456789abcdef","outcome":"ok","reason":"","trace_id":"",)"
            R"("count":1})"
            "\n");
}

TEST(AuditEvent, HasTheNamesOfTheContract) {
  const auto name = [](AuditKind kind) {
    AuditEvent event;
    event.kind = kind;
    return json::parse(AuditLine(event, kTime))["event"].get<std::string>();
  };
  std::vector<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(AuditKind::kReload); ++kind) {
    names.push_back(name(static_cast<AuditKind>(kind)));
  }
  EXPECT_THAT(names, ElementsAre("token_issued", "token_reissued", "login", "refresh", "logout",
                                 "denied", "held_back", "untrusted_upstream", "reload"));
}

TEST(AuditEvent, WhatOthersChoseCannotEndTheLineOrAddToIt) {
  constexpr char kText[] = "a\r\n\0\"}{\"event\":\"login\"\x1b\xff\xe2\x80\xa8";
  AuditEvent event;
  event.tenant = std::string(kText, sizeof kText - 1);
  const std::string line = AuditLine(event, kTime);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find_first_not_of("\n"), 0u);
  for (const char byte : line.substr(0, line.size() - 1)) {
    EXPECT_TRUE(byte >= ' ' && byte < 0x7f) << static_cast<int>(byte);
  }
  const json read = json::parse(line);
  EXPECT_EQ(read["event"], "token_issued");
  EXPECT_EQ(read["tenant"].get<std::string>().substr(0, 8), event.tenant.substr(0, 8));
}

}  // namespace
}  // namespace credbroker
