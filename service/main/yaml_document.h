#ifndef CREDBROKER_SERVICE_MAIN_YAML_DOCUMENT_H_
#define CREDBROKER_SERVICE_MAIN_YAML_DOCUMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "service/main/config_fault.h"

namespace credbroker {

struct YamlField;

// One value of a YAML document. JSON is YAML.
struct YamlNode {
  enum class Kind {
    kNull,
    kScalar,
    kSequence,
    kMapping,
    // Its fault is already recorded; there is nothing to add.
    kRefused,
  };

  Kind kind = Kind::kNull;
  // Whether a scalar is written without quotes, so that it may mean a number or a boolean.
  bool plain = false;
  // Where it begins, from 1.
  int line = 0;
  // Of a scalar, unescaped.
  std::string text;
  // Of a sequence.
  std::vector<YamlNode> items;
  // Of a mapping, in the file's order. Names that occur twice are both here.
  std::vector<YamlField> fields;
};

struct YamlField {
  std::string name;
  int line = 0;
  YamlNode value;
};

// Reads one document. Stricter than the library, which would let much of this pass in silence:
// refused are more than one document, anchors, aliases and tags, duplicate names, names that are
// not text, text that is not UTF-8 or holds control characters, quotes that do not end, more than
// 32 levels, more than two million values.
//
// Adds what is wrong to `faults`, in any order. With faults that leave the document's shape in
// doubt returns nothing; with others (duplicates, anchors, tags) goes on, so that all faults of a
// file can be told at once. Does not throw.
std::optional<YamlNode> LoadYaml(absl::string_view text, Faults& faults);

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MAIN_YAML_DOCUMENT_H_
