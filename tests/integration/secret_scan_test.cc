// The scan that the canary test relies on finds what is there.
#include "tests/integration/secret_scan.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSecret[] = "Canary-\xc3\xa4-secret/of+a.test";

class SecretScanTest : public testing::Test {
 protected:
  SecretScanTest() { scan_.Add("canary", kSecret); }

  void ExpectFound(const std::string& planted) {
    EXPECT_THAT(scan_.FindIn(absl::StrCat("before ", planted, " after")), ElementsAre("canary"))
        << planted;
    EXPECT_THAT(scan_.FindIn(planted), ElementsAre("canary")) << planted;
  }

  SecretScan scan_;
};

TEST_F(SecretScanTest, NothingIsFoundWhereNothingIs) {
  EXPECT_THAT(scan_.FindIn(""), IsEmpty());
  EXPECT_THAT(scan_.FindIn("Canary-of-another-test, with a secret/of+b"), IsEmpty());
}

TEST_F(SecretScanTest, FindsTheSecretItself) { ExpectFound(kSecret); }

TEST_F(SecretScanTest, FindsTwelveBytesOfItAndNotEleven) {
  const std::string secret = kSecret;
  for (size_t at = 0; at + 12 <= secret.size(); ++at) ExpectFound(secret.substr(at, 12));
  EXPECT_THAT(scan_.FindIn(absl::StrCat("x", secret.substr(0, 11), "x")), IsEmpty());
}

TEST_F(SecretScanTest, FindsHexInBothCases) {
  ExpectFound(absl::BytesToHexString(kSecret));
  ExpectFound(absl::AsciiStrToUpper(absl::BytesToHexString(kSecret)));
}

TEST_F(SecretScanTest, FindsBase64WhereverInTheEncodedTextTheSecretBegins) {
  for (const char* before : {"", "a", "ab", "abc", "abcd"}) {
    for (const char* after : {"", "x", "xy"}) {
      const std::string text = absl::StrCat(before, kSecret, after);
      ExpectFound(absl::Base64Escape(text));
      ExpectFound(absl::WebSafeBase64Escape(text));
    }
  }
}

}  // namespace
}  // namespace credbroker
