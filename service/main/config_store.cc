#include "service/main/config_store.h"

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

namespace credbroker {
namespace {

std::vector<absl::string_view> TextsOf(absl::string_view store) {
  if (store == "sqlite") return {"path", "sealing_key_file"};
  return {"prefix",   "ca_file",       "cert_file",       "key_file",
          "username", "password_file", "sealing_key_file"};
}

void RefuseStore(FieldReader& stores, absl::string_view name) {
  if (stores.Has(name)) stores.Refuse(name, "not supported yet");
  std::optional<FieldReader> store = stores.Mapping(name);
  if (!store) return;
  for (absl::string_view text : TextsOf(name)) store->Text(text);
  if (name == "etcd") store->Texts("endpoints");
  store->Finish();
}

}  // namespace

void ReadStore(FieldReader& root) {
  std::optional<FieldReader> store = root.Mapping("store");
  if (!store) return;
  int stores = 0;
  for (absl::string_view kind : {"memory", "sqlite", "etcd"}) stores += store->Has(kind) ? 1 : 0;
  if (store->is_mapping() && stores != 1) {
    store->Refuse("must have exactly one of memory, sqlite and etcd");
  }
  if (auto memory = store->Mapping("memory")) memory->Finish();
  RefuseStore(*store, "sqlite");
  RefuseStore(*store, "etcd");
  store->Finish();
}

}  // namespace credbroker
