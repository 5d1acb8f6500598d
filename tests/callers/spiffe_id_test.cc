#include "service/callers/spiffe_id.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

TEST(SpiffeIdTest, WorkloadHasATrustDomainAndAPath) {
  for (const char* id :
       {"spiffe://a/b", "spiffe://cluster.local/ns/reports/sa/exporter", "spiffe://a_b-c.1/A_b-C.1",
        "spiffe://a/...", "spiffe://a/.b/b.", "spiffe://1.2.3.4/b"}) {
    EXPECT_TRUE(IsWorkloadSpiffeId(id)) << id;
  }
}

TEST(SpiffeIdTest, Row34WhatTheSpecificationForbidsIsNoIdentity) {
  for (const char* id : {"",
                         "spiffe:",
                         "spiffe://",
                         "spiffe:///b",
                         "spiffe://a",
                         "spiffe://a/",
                         "spiffe://a/b/",
                         "spiffe://a//b",
                         "spiffe://a/./b",
                         "spiffe://a/../b",
                         "spiffe://a/b/..",
                         "spiffe://A/b",
                         "spiffe://a.EXAMPLE/b",
                         "SPIFFE://a/b",
                         "https://a/b",
                         "spiffe:/a/b",
                         " spiffe://a/b",
                         "spiffe://a/b ",
                         "spiffe://a:443/b",
                         "spiffe://user@a/b",
                         "spiffe://user:password@a/b",
                         "spiffe://[::1]/b",
                         "spiffe://a?x/b",
                         "spiffe://a/b?x=y",
                         "spiffe://a/b#c",
                         "spiffe://a/b%2fc",
                         "spiffe://a%2e/b",
                         "spiffe://a/b*",
                         "spiffe://a/*",
                         "spiffe://a/b:c",
                         "spiffe://a/b\\c",
                         "spiffe://a/b\nc",
                         "spiffe://\xc3\xa4/b",
                         "spiffe://a/\xc3\xa4"}) {
    EXPECT_FALSE(IsWorkloadSpiffeId(id)) << id;
  }
  EXPECT_FALSE(IsWorkloadSpiffeId(absl::string_view("spiffe://a/b\0c", 14)));
  EXPECT_FALSE(IsWorkloadSpiffeId(absl::string_view("spiffe://a\0/b", 13)));
}

TEST(SpiffeIdTest, LengthsEndWhereTheSpecificationSays) {
  EXPECT_TRUE(IsWorkloadSpiffeId(absl::StrCat("spiffe://", std::string(255, 'a'), "/b")));
  EXPECT_FALSE(IsWorkloadSpiffeId(absl::StrCat("spiffe://", std::string(256, 'a'), "/b")));
  EXPECT_TRUE(IsWorkloadSpiffeId(absl::StrCat("spiffe://a/", std::string(2048 - 11, 'b'))));
  EXPECT_FALSE(IsWorkloadSpiffeId(absl::StrCat("spiffe://a/", std::string(2049 - 11, 'b'))));
}

}  // namespace
}  // namespace credbroker
