#ifndef CREDBROKER_TESTS_MAIN_CONFIG_TESTING_H_
#define CREDBROKER_TESTS_MAIN_CONFIG_TESTING_H_

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

#include "service/main/config_fault.h"
#include "service/main/config_reader.h"

namespace credbroker {

// A directory that ends with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = testing::TempDir() + "/credbroker-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(path_.c_str());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // Writes a file, for its owner only, and returns its path.
  std::string Write(const std::string& name, const std::string& content) {
    const std::string file = Path(name);
    std::ofstream(file, std::ios::binary) << content;
    EXPECT_EQ(chmod(file.c_str(), 0600), 0);
    files_.push_back(file);
    return file;
  }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<std::string> files_;
};

inline std::vector<std::string> Lines(const Faults& faults) {
  std::vector<std::string> lines;
  for (const Fault& fault : faults) lines.push_back(Describe(fault, "f"));
  return lines;
}

// The faults of a configuration file "f" with this content, as printed.
inline std::vector<std::string> FaultsOf(const std::string& text) {
  const auto read = ReadConfig(text, "f");
  if (const auto* faults = std::get_if<Faults>(&read)) return Lines(*faults);
  return {};
}

// Fails the test if there are faults.
inline Config ConfigOf(const std::string& text, const std::string& file = "f") {
  auto read = ReadConfig(text, file);
  if (const auto* faults = std::get_if<Faults>(&read)) {
    for (const Fault& fault : *faults) ADD_FAILURE() << Describe(fault, file);
    return {};
  }
  return std::get<Config>(std::move(read));
}

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_MAIN_CONFIG_TESTING_H_
