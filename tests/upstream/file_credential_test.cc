#include "service/upstream/file_credential.h"

#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "service/model/failure.h"

namespace credbroker {
namespace {

class FileCredentialTest : public testing::Test {
 protected:
  ~FileCredentialTest() override { unlink(path_.c_str()); }

  // What is read if the file holds `content`; "" with LOGIN_REQUIRED.
  std::string ReadOf(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    const absl::StatusOr<Secret> password = credential_.Read();
    if (password.ok()) return std::string(password->RevealSecret());
    EXPECT_EQ(ReasonOf(password.status()), Reason::kLoginRequired);
    return "";
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/credbroker_password_", getpid());
  FileCredential credential_{path_};
};

TEST_F(FileCredentialTest, Row32ExactlyOneTrailingNewlineIsStripped) {
  EXPECT_EQ(ReadOf("pencil"), "pencil");
  EXPECT_EQ(ReadOf("pencil\n"), "pencil");
  EXPECT_EQ(ReadOf("pencil\r\n"), "pencil");
  EXPECT_EQ(ReadOf("pencil\n\n"), "pencil\n");
  EXPECT_EQ(ReadOf(" pencil "), " pencil ");
}

TEST_F(FileCredentialTest, Row32EmptyFileIsLoginRequired) {
  EXPECT_EQ(ReadOf(""), "");
  EXPECT_EQ(ReadOf("\n"), "");
}

TEST_F(FileCredentialTest, Row32MissingFileIsLoginRequired) {
  EXPECT_EQ(ReasonOf(credential_.Read().status()), Reason::kLoginRequired);
}

TEST_F(FileCredentialTest, DirectoryIsLoginRequired) {
  EXPECT_EQ(ReasonOf(FileCredential("/").Read().status()), Reason::kLoginRequired);
}

TEST_F(FileCredentialTest, FileOf4KiBIsReadAndOneByteMoreIsNot) {
  EXPECT_EQ(ReadOf(std::string(4096, 'x')).size(), 4096U);
  EXPECT_EQ(ReadOf(std::string(4097, 'x')), "");
}

TEST_F(FileCredentialTest, IsReadAnewEachTime) {
  EXPECT_EQ(ReadOf("one"), "one");
  EXPECT_EQ(ReadOf("two"), "two");
}

TEST(CallerCredentialTest, GivesThePasswordEachTime) {
  const CallerCredential credential(Secret::Copy("pencil"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(credential.Read()->RevealSecret(), "pencil");
}

}  // namespace
}  // namespace credbroker
