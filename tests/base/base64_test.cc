#include "service/base/base64.h"

#include <string>

#include "gtest/gtest.h"

namespace credbroker {
namespace {

TEST(Base64Test, Rfc4648Section10) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(StrictBase64Decode(text), bytes);
  }
}

TEST(Base64Test, EveryByteSurvives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(StrictBase64Decode(Base64Encode(bytes)), bytes);
}

TEST(Base64Test, AnythingButTheCanonicalFormIsRefused) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", " Zg==", "Zg== ", "Zg==\n",
        "Z g==", "Zg==Zg==", "=", "==", "Z", "Z===", "Zg..", "Zm9v.", "-_-_", "Zm9\x80"}) {
    EXPECT_FALSE(StrictBase64Decode(text).has_value()) << text;
  }
  EXPECT_FALSE(StrictBase64Decode(absl::string_view("Zm9\0", 4)).has_value());
}

TEST(Base64Test, UrlAlphabetIsWithoutPadding) {
  EXPECT_EQ(StrictBase64UrlDecode("-_-_"), "\xfb\xff\xbf");
  EXPECT_EQ(StrictBase64UrlDecode("Zg"), "f");
  EXPECT_EQ(StrictBase64UrlDecode(""), "");
  for (const char* text : {"Zg==", "Zh", "+/+/", "Z", " Zg", "Zg\n", "Zg.."}) {
    EXPECT_FALSE(StrictBase64UrlDecode(text).has_value()) << text;
  }
}

TEST(SecretBase64Test, IsTheSameEncoding) {
  EXPECT_EQ(SecretBase64Encode("any carnal pleasure.").RevealSecret(),
            Base64Encode("any carnal pleasure."));
  EXPECT_EQ(StrictSecretBase64Decode("YQ==")->RevealSecret(), "a");
  EXPECT_TRUE(StrictSecretBase64Decode("")->empty());
  EXPECT_FALSE(StrictSecretBase64Decode("YQ").has_value());
  EXPECT_FALSE(StrictSecretBase64Decode("YR==").has_value());
}

}  // namespace
}  // namespace credbroker
