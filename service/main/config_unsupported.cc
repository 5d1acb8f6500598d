#include "service/main/config_unsupported.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace credbroker {
namespace {

enum class Type { kText, kNumber, kTexts, kMapping, kMappings };

// What a field may look like.
struct Shape {
  absl::string_view name;
  Type type;
  // Of a mapping, or of each mapping in a list.
  std::vector<Shape> fields;
};

Shape Text(absl::string_view name) { return {name, Type::kText, {}}; }
Shape Number(absl::string_view name) { return {name, Type::kNumber, {}}; }
Shape Texts(absl::string_view name) { return {name, Type::kTexts, {}}; }
Shape Mapping(absl::string_view name, std::vector<Shape> fields) {
  return {name, Type::kMapping, std::move(fields)};
}
Shape Mappings(absl::string_view name, std::vector<Shape> fields) {
  return {name, Type::kMappings, std::move(fields)};
}

std::vector<Shape> UnsupportedShapes() {
  return {
      Mapping("tls", {Text("certificate_file"), Text("private_key_file"), Text("client_ca_file")}),
      Mapping("callers", {Mapping("kubernetes", {Text("audience"), Text("issuer"),
                                                 Text("jwks_file"), Text("jwks_url"),
                                                 Text("jwks_ca_file"), Text("jwks_bearer_file")})}),
      Mappings("allow", {Text("principal"), Texts("accounts"), Texts("rpcs")}),
      Texts("operators"),
      Mapping("limits",
              {Number("connections"), Number("connections_per_peer"),
               Number("in_flight_per_caller"), Number("upstream_calls_per_caller_per_second")}),
      Mapping("audit", {Text("file"), Mapping("stdout", {})}),
      Text("scram_keys_file"),
      Mapping("sqlite", {Text("path"), Text("sealing_key_file")}),
      Mapping("etcd", {Texts("endpoints"), Text("prefix"), Text("ca_file"), Text("cert_file"),
                       Text("key_file"), Text("username"), Text("password_file"),
                       Text("sealing_key_file")}),
  };
}

void CheckTexts(FieldReader& mapping, absl::string_view name, Faults& faults) {
  const YamlNode* field = mapping.Find(name);
  if (field == nullptr || field->kind == YamlNode::Kind::kRefused) return;
  if (field->kind != YamlNode::Kind::kSequence) return mapping.Refuse(name, "must be a list");
  const std::string path = FieldPath(mapping.path(), name);
  for (size_t i = 0; i < field->items.size(); ++i) {
    if (const auto reason = WhyNotText(field->items[i])) {
      faults.push_back({field->items[i].line, ItemPath(path, i), *reason});
    }
  }
}

bool IsEmptyList(FieldReader& mapping, absl::string_view name) {
  const YamlNode* field = mapping.Find(name);
  return field != nullptr && field->kind == YamlNode::Kind::kSequence && field->items.empty();
}

void CheckShape(FieldReader& mapping, const Shape& shape, Faults& faults) {
  const auto check_fields = [&](FieldReader inner) {
    for (const Shape& field : shape.fields) CheckShape(inner, field, faults);
    inner.Finish();
  };
  switch (shape.type) {
    case Type::kText:
      mapping.Text(shape.name);
      break;
    case Type::kNumber:
      mapping.WholeNumber(shape.name, 1, std::numeric_limits<int32_t>::max());
      break;
    case Type::kTexts:
      CheckTexts(mapping, shape.name, faults);
      break;
    case Type::kMapping:
      if (auto inner = mapping.Mapping(shape.name)) check_fields(*std::move(inner));
      break;
    case Type::kMappings:
      if (IsEmptyList(mapping, shape.name)) break;
      for (FieldReader& inner : mapping.Mappings(shape.name)) check_fields(std::move(inner));
      break;
  }
}

}  // namespace

void RefuseUnsupported(FieldReader& mapping, absl::string_view name, Faults& faults) {
  if (!mapping.Has(name)) return;
  mapping.Refuse(name, "not supported yet");
  for (const Shape& shape : UnsupportedShapes()) {
    if (shape.name == name) CheckShape(mapping, shape, faults);
  }
}

}  // namespace credbroker
