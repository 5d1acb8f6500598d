#include "service/main/config_fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "service/main/config_values.h"

namespace credbroker {

FieldReader::FieldReader(const YamlNode& node, std::string path, int line, Faults& faults)
    : node_(&node), path_(std::move(path)), line_(line), faults_(&faults) {
  if (!is_mapping() && node.kind != YamlNode::Kind::kRefused) Refuse("must be a mapping of fields");
}

const YamlField* FieldReader::FindField(absl::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
  for (const YamlField& field : node_->fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const YamlNode* FieldReader::Find(absl::string_view name) {
  const YamlField* field = FindField(name);
  return field == nullptr ? nullptr : &field->value;
}

bool FieldReader::Require(absl::string_view name) {
  if (Has(name)) return true;
  if (is_mapping()) Refuse(name, "required");
  return false;
}

int FieldReader::LineOf(absl::string_view name) {
  const YamlField* field = FindField(name);
  return field == nullptr ? line_ : field->line;
}

void FieldReader::Refuse(absl::string_view name, absl::string_view message) {
  faults_->push_back({LineOf(name), FieldPath(path_, name), std::string(message)});
}

void FieldReader::Refuse(absl::string_view message) {
  faults_->push_back({line_, path_, std::string(message)});
}

void FieldReader::Refuse(const Item& item, absl::string_view message) {
  faults_->push_back({item.line, item.path, std::string(message)});
}

const YamlNode* FieldReader::Scalar(absl::string_view name, absl::string_view wanted) {
  const YamlNode* field = Find(name);
  if (field == nullptr || field->kind == YamlNode::Kind::kRefused) return nullptr;
  if (field->kind == YamlNode::Kind::kScalar) return field;
  Refuse(name, wanted);
  return nullptr;
}

std::optional<std::string> WhyNotText(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::kRefused) return std::nullopt;
  if (node.kind != YamlNode::Kind::kScalar) return "must be text";
  if (node.plain && MeansOtherThanText(node.text)) {
    return "must be text (in quotes if it looks like a number or a boolean)";
  }
  if (node.text.empty()) return "must not be empty";
  const bool control = std::any_of(node.text.begin(), node.text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (control) return "must not hold control characters";
  return std::nullopt;
}

std::optional<std::string> FieldReader::Text(absl::string_view name) {
  const YamlNode* field = Scalar(name, "must be text");
  if (field == nullptr) return std::nullopt;
  if (const auto reason = WhyNotText(*field)) {
    Refuse(name, *reason);
    return std::nullopt;
  }
  return field->text;
}

std::optional<bool> FieldReader::Flag(absl::string_view name) {
  constexpr absl::string_view kWanted = "must be true or false, without quotes";
  const YamlNode* field = Scalar(name, kWanted);
  if (field == nullptr) return std::nullopt;
  if (field->plain && field->text == "true") return true;
  if (field->plain && field->text == "false") return false;
  Refuse(name, kWanted);
  return std::nullopt;
}

std::optional<uint64_t> FieldReader::WholeNumber(absl::string_view name, uint64_t least,
                                                 uint64_t most) {
  const std::string wanted = absl::StrCat("must be a whole number from ", least, " to ", most,
                                          ", in decimal digits, without quotes");
  const YamlNode* field = Scalar(name, wanted);
  if (field == nullptr) return std::nullopt;
  const std::optional<uint64_t> value = field->plain ? ParseWholeNumber(field->text) : std::nullopt;
  if (value && *value >= least && *value <= most) return value;
  Refuse(name, wanted);
  return std::nullopt;
}

std::optional<double> FieldReader::Decimal(absl::string_view name, double least, double most) {
  const std::string wanted =
      absl::StrCat("must be a number from ", least, " to ", most, ", such as 0.8, without quotes");
  const YamlNode* field = Scalar(name, wanted);
  if (field == nullptr) return std::nullopt;
  const std::optional<double> value = field->plain ? ParseDecimalNumber(field->text) : std::nullopt;
  if (value && *value >= least && *value <= most) return value;
  Refuse(name, wanted);
  return std::nullopt;
}

std::optional<absl::Duration> FieldReader::Time(absl::string_view name, absl::Duration least,
                                                absl::Duration most) {
  const YamlNode* field = Scalar(name, "must be a duration, such as 30s, 5m or 250ms");
  if (field == nullptr) return std::nullopt;
  const std::optional<absl::Duration> value = ParseDuration(field->text);
  if (!value) {
    Refuse(name, "must be a duration, such as 30s, 5m or 250ms");
  } else if (*value < least || *value > most) {
    Refuse(name, absl::StrCat("must be a duration from ", absl::FormatDuration(least), " to ",
                              absl::FormatDuration(most)));
  } else {
    return value;
  }
  return std::nullopt;
}

std::optional<FieldReader> FieldReader::Mapping(absl::string_view name) {
  const YamlNode* field = Find(name);
  if (field == nullptr) return std::nullopt;
  return FieldReader(*field, FieldPath(path_, name), LineOf(name), *faults_);
}

std::vector<FieldReader> FieldReader::Mappings(absl::string_view name) {
  std::vector<FieldReader> readers;
  const YamlNode* field = Find(name);
  if (field == nullptr || field->kind == YamlNode::Kind::kRefused) return readers;
  if (field->kind != YamlNode::Kind::kSequence || field->items.empty()) {
    Refuse(name, "must be a list, of one at least");
    return readers;
  }
  readers.reserve(field->items.size());
  for (size_t i = 0; i < field->items.size(); ++i) {
    const YamlNode& item = field->items[i];
    readers.emplace_back(item, ItemPath(FieldPath(path_, name), i), item.line, *faults_);
  }
  return readers;
}

std::optional<std::vector<FieldReader::Item>> FieldReader::Texts(absl::string_view name) {
  const YamlNode* field = Find(name);
  if (field == nullptr || field->kind == YamlNode::Kind::kRefused) return std::nullopt;
  if (field->kind != YamlNode::Kind::kSequence) {
    Refuse(name, "must be a list");
    return std::nullopt;
  }
  std::vector<Item> items;
  for (size_t i = 0; i < field->items.size(); ++i) {
    const YamlNode& node = field->items[i];
    Item item{node.text, ItemPath(FieldPath(path_, name), i), node.line};
    if (const auto reason = WhyNotText(node)) {
      Refuse(item, *reason);
    } else if (node.kind == YamlNode::Kind::kScalar) {
      items.push_back(std::move(item));
    }
  }
  return items;
}

void FieldReader::Finish() {
  for (const YamlField& field : node_->fields) {
    if (std::find(known_.begin(), known_.end(), field.name) != known_.end()) continue;
    faults_->push_back({field.line, FieldPath(path_, field.name), "unknown field"});
  }
}

}  // namespace credbroker
