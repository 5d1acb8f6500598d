#include "client/cli/password.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/fake_broker.h"

namespace credbroker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

absl::StatusOr<std::string> FromStdin(const std::string& text) {
  std::istringstream in(text);
  std::ostringstream err;
  absl::StatusOr<std::string> password = ReadPassword(in, err);
  EXPECT_THAT(err.str(), IsEmpty()) << "only a terminal is asked";
  return password;
}

absl::StatusOr<std::string> FromFile(const std::string& text) {
  const TemporaryFile file(text);
  return ReadPasswordFile(file.path());
}

class PasswordTest
    : public ::testing::TestWithParam<absl::StatusOr<std::string> (*)(const std::string&)> {};

TEST_P(PasswordTest, OneEndOfLineIsNotPartOfIt) {
  EXPECT_EQ(GetParam()("hunter2").value(), "hunter2");
  EXPECT_EQ(GetParam()("hunter2\n").value(), "hunter2");
  EXPECT_EQ(GetParam()("hunter2\r\n").value(), "hunter2");
  EXPECT_EQ(GetParam()("  p\xc3\xa4ss  \n").value(), "  p\xc3\xa4ss  ");
}

TEST_P(PasswordTest, TheLongestIsTakenAndOneByteMoreRefused) {
  const std::string longest(kMaxPasswordBytes, 'x');
  EXPECT_EQ(GetParam()(longest).value(), longest);
  EXPECT_EQ(GetParam()(longest + "\r\n").value(), longest);
  EXPECT_FALSE(GetParam()(longest + "x").ok());
  EXPECT_FALSE(GetParam()(longest + "x\n").ok());
  EXPECT_FALSE(GetParam()(longest + "\n\n").ok());
  EXPECT_FALSE(GetParam()(std::string(100000, 'x')).ok());
}

TEST_P(PasswordTest, WhatIsNoPasswordIsRefusedWithoutRepeatingIt) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("hunter2\nhunter3\n"),
        std::string("hunter2\0", 8), std::string("hunter2\t"), std::string("hunter2\n\n")}) {
    const absl::StatusOr<std::string> password = GetParam()(text);
    ASSERT_FALSE(password.ok());
    EXPECT_THAT(std::string(password.status().message()), HasSubstr("--password-"));
    EXPECT_THAT(std::string(password.status().message()), Not(HasSubstr("hunter")));
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, PasswordTest, ::testing::Values(FromStdin, FromFile),
                         [](const auto& p) { return p.index == 0 ? "Stdin" : "File"; });

TEST(PasswordFileTest, AMissingFileIsNamed) {
  EXPECT_THAT(std::string(ReadPasswordFile("/nonexistent/p").status().message()),
              HasSubstr("--password-file /nonexistent/p"));
}

}  // namespace
}  // namespace credbroker
