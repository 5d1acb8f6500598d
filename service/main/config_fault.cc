#include "service/main/config_fault.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace credbroker {
namespace {

constexpr size_t kLongestShownName = 64;
constexpr size_t kMostDescribed = 100;

}  // namespace

std::string Describe(const Fault& fault, absl::string_view file) {
  std::string line(file);
  if (fault.line > 0) absl::StrAppend(&line, ":", fault.line);
  if (!fault.field.empty()) absl::StrAppend(&line, ": ", fault.field);
  return absl::StrCat(line, ": ", fault.message);
}

std::string DescribeAll(const Faults& faults, absl::string_view file) {
  std::string lines;
  const size_t shown = std::min(faults.size(), kMostDescribed);
  for (size_t i = 0; i < shown; ++i) absl::StrAppend(&lines, Describe(faults[i], file), "\n");
  if (shown < faults.size()) {
    absl::StrAppend(&lines, file, ": and ", faults.size() - shown, " more\n");
  }
  return lines;
}

std::string FieldPath(absl::string_view parent, absl::string_view name) {
  std::string shown = absl::CEscape(name.substr(0, kLongestShownName));
  if (name.size() > kLongestShownName) shown += "...";
  return parent.empty() ? shown : absl::StrCat(parent, ".", shown);
}

std::string ItemPath(absl::string_view parent, size_t index) {
  return absl::StrCat(parent, "[", index, "]");
}

void SortByLine(Faults& faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Fault& a, const Fault& b) { return a.line < b.line; });
}

}  // namespace credbroker
