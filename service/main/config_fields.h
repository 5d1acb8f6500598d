#ifndef CREDBROKER_SERVICE_MAIN_CONFIG_FIELDS_H_
#define CREDBROKER_SERVICE_MAIN_CONFIG_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/main/config_fault.h"
#include "service/main/yaml_document.h"

namespace credbroker {

// Reads the fields of one mapping, by name and type. What is wrong is added to the faults, with
// path and line, and reading goes on, so that a file's faults are told all at once.
//
// A method that reads a field returns nothing where the field is absent (no fault, unless Require
// is called too), and where it is wrong (its fault is recorded). Not thread-safe.
class FieldReader {
 public:
  // A text in a list.
  struct Item {
    std::string text;
    // Where it is, e.g. "tenants[0].allow[0].rpcs[1]".
    std::string path;
    int line = 0;
  };

  // `node` and `faults` outlive the reader. `path` and `line` are the mapping's own; the path is
  // empty at the top. If `node` is no mapping, that is the one fault, and there are no fields.
  FieldReader(const YamlNode& node, std::string path, int line, Faults& faults);

  // Whether the field is there; a fault if it is not.
  bool Require(absl::string_view name);

  bool Has(absl::string_view name) { return Find(name) != nullptr; }
  // The field's value as it is, whatever its type.
  const YamlNode* Find(absl::string_view name);
  // Where its name is; where it is absent, where the mapping is.
  int LineOf(absl::string_view name);

  // Not empty, without control characters.
  std::optional<std::string> Text(absl::string_view name);
  std::optional<bool> Flag(absl::string_view name);
  // From `least` to `most`, both included; so too below.
  std::optional<uint64_t> WholeNumber(absl::string_view name, uint64_t least, uint64_t most);
  std::optional<double> Decimal(absl::string_view name, double least, double most);
  std::optional<absl::Duration> Time(absl::string_view name, absl::Duration least,
                                     absl::Duration most);
  // A reader of the mapping `name`.
  std::optional<FieldReader> Mapping(absl::string_view name);
  // Readers of the mappings in the sequence `name`.
  std::vector<FieldReader> Mappings(absl::string_view name);

  // The texts, as of Text, in the sequence `name`; those that are none are left out.
  std::optional<std::vector<Item>> Texts(absl::string_view name);

  // Records a fault of the field `name`, on its line; where it is absent, on the mapping's.
  void Refuse(absl::string_view name, absl::string_view message);
  // Of the mapping itself.
  void Refuse(absl::string_view message);
  // Of an item of one of its lists.
  void Refuse(const Item& item, absl::string_view message);

  // Records the fields that nobody asked for. To be called last.
  void Finish();

  const std::string& path() const { return path_; }
  bool is_mapping() const { return node_->kind == YamlNode::Kind::kMapping; }

 private:
  const YamlField* FindField(absl::string_view name);
  // The field, if it is a scalar that is not null.
  const YamlNode* Scalar(absl::string_view name, absl::string_view wanted);

  const YamlNode* node_;
  std::string path_;
  int line_;
  Faults* faults_;
  std::vector<std::string> known_;
};

// Why `node` is no text, in words; nothing if it is one.
std::optional<std::string> WhyNotText(const YamlNode& node);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_CONFIG_FIELDS_H_
