#include "service/model/principal.h"

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(PrincipalTest, FamilyIsTheTextBeforeTheLastSegmentOfThePath) {
  EXPECT_EQ(PrincipalFamily("spiffe://a.example/ns/b/sa/c"), "spiffe://a.example/ns/b/sa/");
  EXPECT_EQ(PrincipalFamily("spiffe://a.example/c"), "spiffe://a.example/");
  EXPECT_EQ(PrincipalFamily("k8s:a/b"), "k8s:a/");
}

TEST(PrincipalTest, WhatHasNoPathHasNoFamily) {
  for (const char* principal :
       {"", "local", "spiffe://", "spiffe://a.example", "spiffe:///c", "spiffe://a.example/",
        "k8s:", "k8s:a", "k8s:/b", "k8s:a/", "dns:a/b", "email:a/b@c", "cn:a/b", "/a/b"}) {
    EXPECT_EQ(PrincipalFamily(principal), "") << principal;
  }
}

TEST(PrincipalTest, StarStandsForExactlyOneSegment) {
  constexpr char kPattern[] = "spiffe://a.example/ns/b/*";
  EXPECT_TRUE(PrincipalMatches(kPattern, "spiffe://a.example/ns/b/c"));
  for (const char* principal :
       {"spiffe://a.example/ns/b", "spiffe://a.example/ns/b/", "spiffe://a.example/ns/b/c/d",
        "spiffe://a.example/ns/x/c", "spiffe://b.example/ns/b/c", "spiffe://a.example/c",
        "k8s:ns/b", "local", ""}) {
    EXPECT_FALSE(PrincipalMatches(kPattern, principal)) << principal;
  }
  EXPECT_TRUE(PrincipalMatches("k8s:a/*", "k8s:a/b"));
  EXPECT_FALSE(PrincipalMatches("k8s:a/*", "k8s:b/b"));
}

TEST(PrincipalTest, StarAnywhereElseStandsForNothing) {
  EXPECT_FALSE(PrincipalMatches("*", "local"));
  EXPECT_FALSE(PrincipalMatches("spiffe://*", "spiffe://a.example"));
  EXPECT_FALSE(PrincipalMatches("spiffe://*/b", "spiffe://a.example/b"));
  EXPECT_FALSE(PrincipalMatches("spiffe://a.example/*/c", "spiffe://a.example/b/c"));
  EXPECT_FALSE(PrincipalMatches("spiffe://a.example/b*", "spiffe://a.example/bc"));
  EXPECT_FALSE(PrincipalMatches("k8s:*", "k8s:a/b"));
  EXPECT_FALSE(PrincipalMatches("dns:*", "dns:a"));
  EXPECT_FALSE(PrincipalMatches("cn:a/*", "cn:a/b"));
}

TEST(PrincipalTest, TextIsComparedAsItIs) {
  EXPECT_TRUE(PrincipalMatches("dns:a.example", "dns:a.example"));
  EXPECT_FALSE(PrincipalMatches("dns:a.example", "dns:A.example"));
  EXPECT_FALSE(PrincipalMatches("dns:a.example", "cn:a.example"));
}

}  // namespace
}  // namespace credbroker
