#include "service/base/whole_file.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

class WholeFileTest : public testing::Test {
 protected:
  ~WholeFileTest() override { unlink(path_.c_str()); }

  void Write(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/credbroker_whole_file_", getpid());
};

TEST_F(WholeFileTest, UpToTheLimitAndNotOneByteMore) {
  Write(std::string(70000, 'x'));
  EXPECT_EQ(ReadWholeFile(path_, 70000).value(), std::string(70000, 'x'));
  EXPECT_EQ(ReadWholeFile(path_, 69999).status().message(), "the file is larger than 69999 bytes");
  Write("");
  EXPECT_EQ(ReadWholeFile(path_, 10).value(), "");
}

TEST_F(WholeFileTest, SaysWhyNot) {
  EXPECT_EQ(ReadWholeFile(path_, 10).status().message(), "the file does not exist");
  EXPECT_EQ(ReadWholeFile(testing::TempDir(), 10).status().message(), "this is a directory");
}

}  // namespace
}  // namespace credbroker
