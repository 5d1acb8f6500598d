// What of a secret is in the memory of the running broker.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/integration/deployment.h"
#include "tests/integration/process_memory.h"

namespace credbroker {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The wiping is done before a login's answer is sent; this is for what threads then still do.
constexpr absl::Duration kCleanWithin = absl::Seconds(1);

// SASLprep makes another text of it: the full-width letters become ordinary ones, the Roman numeral
// two letters, the no-break spaces spaces, and the soft hyphen vanishes.
constexpr char kTypedPassword[] =
    "\uff23\uff21\uff2e\uff21\uff32\uff39\u00a0of\u00ad \u2168\u00a0p\u00e4ssw\u00f6rd 7c0e5d";
constexpr char kPreparedPassword[] = "CANARY of IX p\u00e4ssw\u00f6rd 7c0e5d";
constexpr char kRejectedPassword[] = "Canary-Password-that-is-wrong-2b71fa";

// UTF-8 as the four-byte code points that libraries take it apart into.
std::string AsCodePoints(const std::string& utf8) {
  std::string wide;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t point = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (size_t k = 1; k < size; ++k) point = point << 6 | (utf8[i + k] & 0x3f);
    wide.append(reinterpret_cast<const char*>(&point), sizeof(point));
    i += size;
  }
  return wide;
}

class Memory : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's allocator keeps what was freed, as it was";
#endif
  }

  std::vector<std::string> Find(const Needles& needles) {
    return FindInMemory(deployment_.broker().pid(), needles);
  }

  // Expects that none of them is there, or not for long.
  void ExpectGone(const Needles& needles) {
    std::vector<std::string> found;
    Eventually([&] { return (found = Find(needles)).empty(); }, kCleanWithin);
    EXPECT_THAT(found, IsEmpty());
  }

  Deployment deployment_;
  Caller caller_ = deployment_.NewCaller();
};

// The other tests would find it, were it there.
TEST_F(Memory, WhatIsThereIsFound) {
  const Answer answer = caller_.GetToken();
  ASSERT_TRUE(answer.ok()) << answer.Text();
  const std::vector<std::string> found =
      Find({{"e-mail address", kEmail}, {"access token", answer.token.access_token()}});
  EXPECT_THAT(found, Contains(StartsWith("e-mail address in ")));
  EXPECT_THAT(found, Contains(StartsWith("access token in ")));
}

TEST_F(Memory, ConfiguredPasswordIsGoneAfterTheLogin) {
  ASSERT_TRUE(caller_.GetToken().ok());
  ExpectGone({{"password", kPassword}, {"wide password", AsCodePoints(kPassword)}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(deployment_.Credbroker({"login", "--tenant", "demo", "--force-new"}).exit_code ==
                0);
  }
  ExpectGone({{"password", kPassword}, {"wide password", AsCodePoints(kPassword)}});
}

TEST_F(Memory, PasswordThatSaslPrepChangesIsGoneInEveryForm) {
  deployment_.upstream().Change({{"email", kSecondEmail}, {"password", kTypedPassword}});
  deployment_.folder().Write("second", kTypedPassword);
  const Answer answer = caller_.GetToken("second");
  ASSERT_TRUE(answer.ok()) << answer.Text();
  ExpectGone({{"typed", kTypedPassword},
              {"prepared", kPreparedPassword},
              {"typed, wide", AsCodePoints(kTypedPassword)},
              {"prepared, wide", AsCodePoints(kPreparedPassword)}});
}

// Nothing is derived from it, so that nothing else comes to lie where it was.
TEST_F(Memory, PasswordThatSaslPrepRefusesIsGoneInEveryForm) {
  deployment_.folder().Write("second", absl::StrCat(kTypedPassword, "\x07"));
  EXPECT_EQ(caller_.GetToken("second").reason, "LOGIN_REQUIRED");
  ExpectGone({{"typed", kTypedPassword},
              {"prepared", kPreparedPassword},
              {"typed, wide", AsCodePoints(kTypedPassword)},
              {"prepared, wide", AsCodePoints(kPreparedPassword)}});
}

TEST_F(Memory, RejectedPasswordIsGoneAlthoughItsFileIsLookedAtAgainAndAgain) {
  deployment_.folder().Write("second", kRejectedPassword);
  EXPECT_EQ(caller_.GetToken("second").reason, "CREDENTIAL_REJECTED");
  ExpectGone({{"password", kRejectedPassword}, {"wide password", AsCodePoints(kRejectedPassword)}});
  // The hold ends when the broker has looked and found another password.
  deployment_.folder().Write("second", kSecondPassword);
  EXPECT_TRUE(Eventually([&] { return caller_.GetToken("second").ok(); }));
  ExpectGone({{"password", kRejectedPassword}, {"password", kSecondPassword}});
}

}  // namespace
}  // namespace credbroker
