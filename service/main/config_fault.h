#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_FAULT_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_FAULT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace credbroker {

// Something wrong with a configuration file.
struct Fault {
  // From 1; 0: the file as a whole.
  int line = 0;
  // E.g. "tenants[0].base_url"; empty: no particular field.
  std::string field;
  // What is wrong and what would be right. Never the value, which may be a secret in the wrong
  // place.
  std::string message;

  friend bool operator==(const Fault& a, const Fault& b) {
    return a.line == b.line && a.field == b.field && a.message == b.message;
  }
};

using Faults = std::vector<Fault>;

// One line without a newline, e.g. "credbrokerd.yaml:12: tenants[0].name: required".
std::string Describe(const Fault& fault, absl::string_view file);

// What is printed of the faults of a file: a line each, with its end; of very many only the first,
// and a last line that says how many more there are.
std::string DescribeAll(const Faults& faults, absl::string_view file);

// The path of a field, or of an item, of the field `parent` (empty: the top). A name that could not
// be a field's is escaped and shortened, since it goes to a terminal.
std::string FieldPath(absl::string_view parent, absl::string_view name);
std::string ItemPath(absl::string_view parent, size_t index);

// By line; faults of one line stay in their order.
void SortByLine(Faults& faults);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_FAULT_H_
