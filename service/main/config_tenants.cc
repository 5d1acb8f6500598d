#include "service/main/config_tenants.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "service/main/config_address.h"
#include "service/main/config_callers.h"
#include "service/main/config_files.h"
#include "service/main/config_values.h"
#include "service/model/names.h"
#include "service/scram/mechanism_traits.h"

namespace credbroker {
namespace {

// RFC 5802 section 5.1 for SHA-1, RFC 7677 section 4.
constexpr uint64_t kFewestIterations = 4096;
constexpr size_t kLongestHeader = 256;

// Headers that mean something else in a request to upstream.
constexpr absl::string_view kTakenHeaders[] = {
    "Accept", "Authorization", "Connection", "Content-Length",    "Content-Type", "Expect",
    "Host",   "Platform",      "Te",         "Transfer-Encoding", "Upgrade",      "User-Agent",
};

// Values that must not occur twice, and the lines they are on.
class Unique {
 public:
  void Check(FieldReader& mapping, absl::string_view field, const std::string& value,
             absl::string_view what) {
    const auto [first, fresh] = lines_.emplace(value, mapping.LineOf(field));
    if (!fresh) mapping.Refuse(field, absl::StrCat(what, " on line ", first->second, " already"));
  }

 private:
  absl::flat_hash_map<std::string, int> lines_;
};

std::string ReadName(FieldReader& mapping, Unique& names, absl::string_view what) {
  mapping.Require("name");
  const std::optional<std::string> name = mapping.Text("name");
  if (!name) return "";
  if (IsName(*name)) {
    names.Check(mapping, "name", *name, what);
  } else {
    mapping.Refuse(
        "name", "must be 1 to 63 characters a-z, 0-9, '.', '_' and '-', a letter or digit first");
  }
  return *name;
}

std::optional<std::string> ReadPlatform(FieldReader& mapping) {
  std::optional<std::string> platform = mapping.Text("platform");
  if (platform && (!IsPrintableAscii(*platform) || platform->size() > kLongestHeader)) {
    mapping.Refuse("platform", "must be printable ASCII, at most 256 characters");
  }
  return platform;
}

std::string ReadSessionHeader(FieldReader& tenant, std::string unset) {
  const std::optional<std::string> header = tenant.Text("session_header");
  if (!header) return unset;
  if (!IsHttpToken(*header) || header->size() > kLongestHeader) {
    tenant.Refuse("session_header", "must be the name of an HTTP header");
  }
  for (absl::string_view taken : kTakenHeaders) {
    if (absl::EqualsIgnoreCase(*header, taken)) {
      tenant.Refuse("session_header", "must not be a header that has another meaning");
    }
  }
  return *header;
}

// A URL, checked and normalised by `parse`; empty if it is absent or wrong.
template <typename Parse>
std::string ReadUrl(FieldReader& tenant, absl::string_view name, Parse parse) {
  const std::optional<std::string> text = tenant.Text(name);
  if (!text) return "";
  absl::StatusOr<std::string> url = parse(*text);
  if (url.ok()) return *std::move(url);
  tenant.Refuse(name, absl::string_view(url.status().message()));
  return "";
}

Mechanism ReadMechanism(FieldReader& tenant, Mechanism unset) {
  const std::optional<std::string> name = tenant.Text("mechanism");
  if (!name) return unset;
  const std::optional<Mechanism> mechanism = ParseMechanism(*name);
  if (!mechanism) {
    tenant.Refuse("mechanism", "must be SCRAM-SHA-1, SCRAM-SHA-256 or SCRAM-SHA-512");
  }
  return mechanism.value_or(unset);
}

void ReadSecret(FieldReader& from, const std::string& file, Account& account, Config& config) {
  if (from.Has("password_file") && from.Has("scram_keys_file")) {
    from.Refuse("scram_keys_file", "exactly one of password_file and scram_keys_file is allowed");
  } else if (!from.Has("scram_keys_file")) {
    from.Require("password_file");
  }
  const auto read = [&](absl::string_view name, SecretFile::Kind kind) -> std::string {
    const std::optional<std::string> named = from.Text(name);
    if (!named) return "";
    std::string path = ResolvePath(file, *named);
    config.secret_files.push_back({kind, path, FieldPath(from.path(), name), from.LineOf(name)});
    return path;
  };
  account.password_file = read("password_file", SecretFile::Kind::kPassword);
  account.scram_keys_file = read("scram_keys_file", SecretFile::Kind::kScramKeys);
}

void ReadAccounts(FieldReader& from, const std::string& file, Tenant& tenant, Config& config) {
  from.Require("accounts");
  Unique names;
  Unique emails;
  for (FieldReader& reader : from.Mappings("accounts")) {
    Account account;
    account.name = ReadName(reader, names, "an account of this tenant has this name");
    reader.Require("email");
    if (const auto email = reader.Text("email")) {
      account.email = *email;
      if (IsEmailAddress(*email)) {
        emails.Check(reader, "email", absl::AsciiStrToLower(*email),
                     "an account of this tenant has this address");
      } else {
        reader.Refuse("email", "must be an e-mail address of printable ASCII, at most 254 bytes");
      }
    }
    account.platform = ReadPlatform(reader).value_or(tenant.platform);
    ReadSecret(reader, file, account, config);
    reader.Finish();
    tenant.accounts.push_back(std::move(account));
  }
}

Tenant ReadTenant(FieldReader& from, const std::string& file, Unique& names, Config& config) {
  Tenant tenant;
  tenant.name = ReadName(from, names, "a tenant has this name");
  from.Require("base_url");
  tenant.base_url = ReadUrl(from, "base_url", ParseBaseUrl);
  tenant.ca_file = ReadPath(from, "ca_file", file, CheckCertificates);
  tenant.proxy = ReadUrl(from, "proxy", ParseProxyUrl);
  tenant.mechanism = ReadMechanism(from, tenant.mechanism);
  tenant.max_iterations = static_cast<uint32_t>(
      from.WholeNumber("max_iterations", kFewestIterations, std::numeric_limits<int32_t>::max())
          .value_or(tenant.max_iterations));
  tenant.session_header = ReadSessionHeader(from, std::move(tenant.session_header));
  tenant.platform = ReadPlatform(from).value_or("");
  // Upstream's own lifetimes are capped at a day too.
  tenant.default_lifetime = from.Time("default_lifetime", absl::Seconds(1), absl::Hours(24))
                                .value_or(tenant.default_lifetime);
  tenant.request_timeout = from.Time("request_timeout", absl::Milliseconds(1), absl::Hours(1))
                               .value_or(tenant.request_timeout);
  tenant.caller_passwords = from.Flag("caller_passwords").value_or(tenant.caller_passwords);
  ReadAccounts(from, file, tenant, config);
  ReadAllow(from, tenant, config);
  from.Finish();
  return tenant;
}

}  // namespace

void ReadTenants(FieldReader& root, const std::string& file, Config& config) {
  root.Require("tenants");
  Unique names;
  for (FieldReader& from : root.Mappings("tenants")) {
    config.tenants.push_back(ReadTenant(from, file, names, config));
  }
}

}  // namespace credbroker
