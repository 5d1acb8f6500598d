#include "service/main/config_principal.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(WhyNotPrincipal, WhatTheContractNames) {
  for (const std::string& principal :
       {std::string("local"), std::string("spiffe://cluster.local/ns/ops/sa/admin"),
        std::string("spiffe://cluster.local/ns/ops/sa/*"), std::string("spiffe://a/*"),
        std::string("spiffe://a-b_c.9/A.b-c_D/..."), std::string("k8s:ops/admin"),
        std::string("k8s:ops/*"), std::string("k8s:ops-1/admin.of.all"),
        std::string("dns:host.example"), std::string("dns:Host"),
        std::string("email:somebody@host.example"), std::string("cn:Some Body"),
        "spiffe://" + std::string(255, 'a') + "/x", "k8s:" + std::string(63, 'a') + "/b"}) {
    EXPECT_EQ(WhyNotPrincipal(principal), std::nullopt) << principal;
  }
}

// Each would match nobody, or look as if it matched more than it does.
TEST(WhyNotPrincipal, WhatNoCallerCanHave) {
  for (const std::string& text : {std::string("*"),
                                  std::string("Local"),
                                  std::string("local/"),
                                  std::string("admin"),
                                  std::string("spiffe:/a/b"),
                                  std::string("SPIFFE://a/b"),
                                  std::string("spiffe://"),
                                  std::string("spiffe://a"),
                                  std::string("spiffe://a/"),
                                  std::string("spiffe:///b"),
                                  std::string("spiffe://A/b"),
                                  std::string("spiffe://a:1/b"),
                                  std::string("spiffe://u@a/b"),
                                  std::string("spiffe://*/b"),
                                  std::string("spiffe://a/b/"),
                                  std::string("spiffe://a//b"),
                                  std::string("spiffe://a/*/b"),
                                  std::string("spiffe://a/b*"),
                                  std::string("spiffe://a/**"),
                                  std::string("spiffe://a/."),
                                  std::string("spiffe://a/../b"),
                                  std::string("spiffe://a/b?c"),
                                  std::string("spiffe://a/b#c"),
                                  std::string("spiffe://a/%62"),
                                  std::string("spiffe://a/b c"),
                                  std::string("spiffe://a/\xc3\xa4"),
                                  "spiffe://" + std::string(256, 'a') + "/x",
                                  "spiffe://a/" + std::string(2049 - 2, 'b'),
                                  std::string("k8s:"),
                                  std::string("k8s:ops"),
                                  std::string("k8s:ops/"),
                                  std::string("k8s:/admin"),
                                  std::string("k8s:*/admin"),
                                  std::string("k8s:*"),
                                  std::string("k8s:Ops/admin"),
                                  std::string("k8s:ops/Admin"),
                                  std::string("k8s:-ops/admin"),
                                  std::string("k8s:ops-/admin"),
                                  std::string("k8s:o.ps/admin"),
                                  std::string("k8s:ops/a..b"),
                                  std::string("k8s:ops/a/b"),
                                  std::string("k8s:ops/a*"),
                                  "k8s:" + std::string(64, 'a') + "/b",
                                  "k8s:ops/" + std::string(254, 'b'),
                                  std::string("dns:"),
                                  std::string("dns:*"),
                                  std::string("dns:*.example"),
                                  std::string("dns:a b"),
                                  "dns:" + std::string(254, 'a'),
                                  std::string("email:"),
                                  std::string("email:*"),
                                  std::string("email:nobody"),
                                  std::string("email:*@"),
                                  std::string("cn:"),
                                  std::string("cn:*"),
                                  std::string("")}) {
    EXPECT_NE(WhyNotPrincipal(text), std::nullopt) << text;
  }
}

TEST(WhyNotPrincipal, SaysWhatWouldBeRightWithoutTheText) {
  EXPECT_EQ(WhyNotPrincipal("hunter2"),
            "must begin with spiffe://, k8s:, dns:, email: or cn:, or be local");
  for (const char* text : {"spiffe://hunter2", "k8s:hunter2", "dns:hunter 2", "email:hunter2"}) {
    EXPECT_THAT(*WhyNotPrincipal(text), Not(testing::HasSubstr("hunter")));
  }
}

}  // namespace
}  // namespace credbroker
