#include "service/model/names.h"

#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(NamesTest, NameStartsWithLetterOrDigit) {
  for (const char* name : {"a", "0", "acme", "a.b_c-d", "a-", "0..."}) EXPECT_TRUE(IsName(name));
  for (const char* name : {"", ".a", "_a", "-a", "A", "aB", "a b", "a/b", "a@b", "\u00fc"}) {
    EXPECT_FALSE(IsName(name)) << name;
  }
}

TEST(NamesTest, Row37NamesWithControlCharactersOrPathsAreRefused) {
  for (const std::string& name :
       {std::string("a\r"), std::string("a\n"), std::string("a\0", 2), std::string("../a"),
        std::string("a/../b"), std::string("a\x7f")}) {
    EXPECT_FALSE(IsName(name));
  }
}

TEST(NamesTest, NameOf63CharactersPassesAndOf64IsRefused) {
  EXPECT_TRUE(IsName(std::string(63, 'a')));
  EXPECT_FALSE(IsName(std::string(64, 'a')));
  EXPECT_FALSE(IsName(std::string(10'000'000, 'a')));
}

TEST(NamesTest, EveryByteInANameIsJudged) {
  for (int c = 0; c < 256; ++c) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    EXPECT_EQ(IsName(std::string("a") + static_cast<char>(c)), allowed) << c;
  }
}

TEST(NamesTest, AddressHasOneAtWithSomethingOnBothSides) {
  for (const char* address : {"a@b", "user@example.com", "a+b=c,d@e"}) {
    EXPECT_TRUE(IsEmailAddress(address)) << address;
  }
  for (const char* address : {"", "@", "a@", "@b", "ab", "a@b@c", "a@@b"}) {
    EXPECT_FALSE(IsEmailAddress(address)) << address;
  }
}

TEST(NamesTest, Row37AddressWithSpaceOrControlCharactersIsRefused) {
  for (int c = 0; c <= 0x20; ++c) {
    EXPECT_FALSE(IsEmailAddress(std::string("a@b") + static_cast<char>(c))) << c;
  }
  EXPECT_FALSE(IsEmailAddress("a\x7f@b"));
}

// SASLprep makes the first of all but the last, so they would be one account upstream.
TEST(NamesTest, Row6AddressThatSaslPrepMakesAnotherOfIsRefused) {
  for (const char* twin : {"\uff55ser@example.com", "us\u00ader@example.com",
                           "\u1d58ser@example.com", "j\u00f6rg@example.com"}) {
    EXPECT_FALSE(IsEmailAddress(twin)) << twin;
  }
}

TEST(NamesTest, AddressOf254BytesPassesAndOf255IsRefused) {
  EXPECT_TRUE(IsEmailAddress("a@" + std::string(252, 'b')));
  EXPECT_FALSE(IsEmailAddress("a@" + std::string(253, 'b')));
}

}  // namespace
}  // namespace credbroker
