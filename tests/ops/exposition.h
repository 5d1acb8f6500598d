#ifndef CREDBROKER_TESTS_OPS_EXPOSITION_H_
#define CREDBROKER_TESTS_OPS_EXPOSITION_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace credbroker {

// A page in the Prometheus text format 0.0.4, read strictly: a line that the format does not have
// fails the test.
class Exposition {
 public:
  using Labels = std::map<std::string, std::string>;

  explicit Exposition(const std::string& text) {
    EXPECT_TRUE(text.empty() || text.back() == '\n');
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      ReadLine(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  // The sample, if it is there.
  std::optional<double> Value(const std::string& name, const Labels& labels) const {
    const auto found = samples.find({name, labels});
    if (found == samples.end()) return std::nullopt;
    return found->second;
  }

  std::map<std::string, std::string> types;  // By the name in `# TYPE`.
  std::set<std::string> with_help;
  std::map<std::pair<std::string, Labels>, double> samples;

 private:
  void ReadLine(const std::string& line) {
    if (line.rfind("# HELP ", 0) == 0) {
      const size_t end = line.find(' ', 7);
      ASSERT_NE(end, std::string::npos) << line;
      EXPECT_TRUE(with_help.insert(line.substr(7, end - 7)).second) << "twice: " << line;
    } else if (line.rfind("# TYPE ", 0) == 0) {
      const size_t end = line.find(' ', 7);
      ASSERT_NE(end, std::string::npos) << line;
      EXPECT_TRUE(types.emplace(line.substr(7, end - 7), line.substr(end + 1)).second)
          << "twice: " << line;
    } else {
      ReadSample(line);
    }
  }

  void ReadSample(const std::string& line) {
    size_t at = line.find_first_of("{ ");
    ASSERT_NE(at, std::string::npos) << line;
    const std::string name = line.substr(0, at);
    Labels labels;
    if (line[at] == '{') {
      do {
        ++at;  // The brace or comma.
        const size_t equals = line.find('=', at);
        ASSERT_NE(equals, std::string::npos) << line;
        const std::string label = line.substr(at, equals - at);
        ASSERT_EQ(line.at(equals + 1), '"') << line;
        std::string value;
        for (at = equals + 2; line.at(at) != '"'; ++at) {
          if (line[at] != '\\') {
            value += line[at];
            continue;
          }
          const char escaped = line.at(++at);
          ASSERT_TRUE(escaped == '\\' || escaped == '"' || escaped == 'n') << line;
          value += escaped == 'n' ? '\n' : escaped;
        }
        EXPECT_TRUE(labels.emplace(label, value).second) << line;
        ++at;  // The quote.
      } while (line.at(at) == ',');
      ASSERT_EQ(line.at(at), '}') << line;
      ++at;
    }
    ASSERT_EQ(line.at(at), ' ') << line;
    size_t used = 0;
    const std::string number = line.substr(at + 1);
    const double value = std::stod(number, &used);
    EXPECT_EQ(used, number.size()) << line;
    EXPECT_TRUE(samples.emplace(std::pair{name, labels}, value).second) << "twice: " << line;
  }
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_OPS_EXPOSITION_H_
