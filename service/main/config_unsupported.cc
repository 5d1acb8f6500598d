#include "service/main/config_unsupported.h"

#include <optional>
#include <vector>

namespace credbroker {
namespace {

std::vector<absl::string_view> TextsOf(absl::string_view store) {
  if (store == "sqlite") return {"path", "sealing_key_file"};
  return {"prefix",   "ca_file",       "cert_file",       "key_file",
          "username", "password_file", "sealing_key_file"};
}

}  // namespace

void RefuseUnsupported(FieldReader& mapping, absl::string_view name) {
  if (mapping.Has(name)) mapping.Refuse(name, "not supported yet");
}

void RefuseStore(FieldReader& mapping, absl::string_view name) {
  RefuseUnsupported(mapping, name);
  std::optional<FieldReader> store = mapping.Mapping(name);
  if (!store) return;
  for (absl::string_view text : TextsOf(name)) store->Text(text);
  if (name == "etcd") store->Texts("endpoints");
  store->Finish();
}

}  // namespace credbroker
