#include "service/main/config_callers.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "service/callers/authorizer.h"
#include "service/main/config_address.h"
#include "service/main/config_files.h"
#include "service/main/config_principal.h"

namespace credbroker {
namespace {

constexpr absl::string_view kAll = "*";

using Item = FieldReader::Item;

void ReadKubernetes(FieldReader& from, const std::string& file, KubernetesCallers& to) {
  to.audience = from.Text("audience").value_or(to.audience);
  to.issuer = from.Text("issuer").value_or(to.issuer);
  if (from.is_mapping() && from.Has("jwks_file") == from.Has("jwks_url")) {
    from.Refuse("must have exactly one of jwks_file and jwks_url");
  }
  to.jwks_file = ReadPath(from, "jwks_file", file, CheckKeySet);
  if (const auto url = from.Text("jwks_url")) {
    const absl::Status status = ParseBaseUrl(*url).status();
    if (!status.ok()) from.Refuse("jwks_url", absl::string_view(status.message()));
    to.jwks_url = *url;
  }
  to.jwks_ca_file = ReadPath(from, "jwks_ca_file", file, CheckCertificates);
  to.jwks_bearer_file = ReadPath(from, "jwks_bearer_file", file, CheckReadable);
  for (absl::string_view field : {"jwks_ca_file", "jwks_bearer_file"}) {
    if (from.Has(field) && !from.Has("jwks_url")) from.Refuse(field, "is only for jwks_url");
  }
  from.Finish();
}

std::string ReadPrincipal(FieldReader& rule) {
  rule.Require("principal");
  const std::optional<std::string> principal = rule.Text("principal");
  if (!principal) return "";
  if (const auto reason = WhyNotPrincipal(*principal)) rule.Refuse("principal", *reason);
  return *principal;
}

// A list of names, or "*" alone; `why_not` says why an item is no such name.
template <typename WhyNot>
std::vector<std::string> ReadNames(FieldReader& rule, absl::string_view field, WhyNot why_not) {
  rule.Require(field);
  const std::optional<std::vector<Item>> items = rule.Texts(field);
  if (!items) return {};
  if (rule.Find(field)->items.empty()) {
    rule.Refuse(field, "must name one at least, or \"*\" for all");
  }
  std::vector<std::string> names;
  for (const Item& item : *items) {
    names.push_back(item.text);
    if (item.text == kAll) {
      if (items->size() > 1) rule.Refuse(item, "\"*\" must stand alone");
    } else if (const std::optional<std::string> reason = why_not(item.text)) {
      rule.Refuse(item, *reason);
    }
  }
  return names;
}

std::optional<std::string> WhyNotRpc(const std::string& name) {
  for (const Rpc rpc : {Rpc::kGetToken, Rpc::kLogin, Rpc::kRefresh, Rpc::kWatchToken, Rpc::kLogout,
                        Rpc::kListSessions}) {
    if (name == RpcName(rpc)) return std::nullopt;
  }
  return "must be GetToken, Login, Refresh, WatchToken, Logout or ListSessions";
}

// Rules that are good and can hardly be meant.
void WarnOfRule(FieldReader& from, const AllowRule& rule, Config& config) {
  const auto warn = [&](absl::string_view field, absl::string_view message) {
    config.warnings.push_back(
        {from.LineOf(field), FieldPath(from.path(), field), std::string(message)});
  };
  const std::string list_sessions(RpcName(Rpc::kListSessions));
  if (std::find(rule.rpcs.begin(), rule.rpcs.end(), list_sessions) != rule.rpcs.end()) {
    warn("rpcs", "lets nobody list sessions: that is for operators only");
  }
  if (rule.principal == kLocalPrincipal && config.server.tls.has_value()) {
    warn("principal", "lets nobody in: with server.tls no caller is `local`");
  }
}

}  // namespace

void ReadCallers(FieldReader& root, const std::string& file, Config& config) {
  std::optional<FieldReader> callers = root.Mapping("callers");
  if (!callers) return;
  if (auto kubernetes = callers->Mapping("kubernetes")) {
    ReadKubernetes(*kubernetes, file, config.kubernetes.emplace());
  }
  callers->Finish();
}

void ReadOperators(FieldReader& root, Config& config) {
  const std::optional<std::vector<Item>> operators = root.Texts("operators");
  if (!operators) return;
  config.operators.emplace();
  for (const Item& item : *operators) {
    if (const auto reason = WhyNotPrincipal(item.text)) root.Refuse(item, *reason);
    config.operators->push_back(item.text);
  }
}

void ReadAllow(FieldReader& from, Tenant& tenant, Config& config) {
  const YamlNode* field = from.Find("allow");
  if (field == nullptr) return;
  tenant.allow.emplace();
  if (field->kind == YamlNode::Kind::kSequence && field->items.empty()) return;
  for (FieldReader& reader : from.Mappings("allow")) {
    AllowRule rule;
    rule.principal = ReadPrincipal(reader);
    rule.accounts = ReadNames(reader, "accounts",
                              [&tenant](const std::string& name) -> std::optional<std::string> {
                                if (tenant.FindAccount(name) != nullptr) return std::nullopt;
                                return "the tenant has no account of this name";
                              });
    rule.rpcs = ReadNames(reader, "rpcs", WhyNotRpc);
    reader.Finish();
    WarnOfRule(reader, rule, config);
    tenant.allow->push_back(std::move(rule));
  }
}

}  // namespace credbroker
