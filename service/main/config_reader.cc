#include "service/main/config_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"

#include "service/api/tls_bundle.h"
#include "service/base/clock.h"
#include "service/callers/authorizer.h"
#include "service/main/config_address.h"
#include "service/main/config_callers.h"
#include "service/main/config_fields.h"
#include "service/main/config_files.h"
#include "service/main/config_store.h"
#include "service/main/config_tenants.h"
#include "service/main/yaml_document.h"

namespace credbroker {
namespace {

constexpr size_t kLargestFile = 16 << 20;
// What nobody means. Kept away from what the libraries can count.
constexpr absl::Duration kLongest = absl::Hours(24 * 366);
constexpr absl::Duration kShortest = absl::Milliseconds(1);

// The address, if the field is there and holds one.
std::optional<HostPort> Address(FieldReader& mapping, absl::string_view name) {
  const std::optional<std::string> text = mapping.Text(name);
  if (!text) return std::nullopt;
  std::optional<HostPort> address = ParseHostPort(*text);
  if (!address) {
    mapping.Refuse(name, "must be HOST:PORT or [IPV6]:PORT, with a port from 0 to 65535");
  }
  return address;
}

// The files may each be good and yet not belong together (faults.md row 33).
void CheckTlsBundle(FieldReader& tls, const TlsFiles& files) {
  const absl::Status status = LoadTlsBundle(files, SystemClock().Wall()).status();
  if (status.ok()) return;
  // The message begins with the field that it is about.
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::string_view(status.message()), absl::MaxSplits(": ", 1));
  if (tls.Has(parts.first)) {
    tls.Refuse(parts.first, parts.second);
  } else {
    tls.Refuse(absl::string_view(status.message()));
  }
}

void ReadTls(FieldReader& server, const std::string& file, const Faults& faults, Config& config) {
  std::optional<FieldReader> tls = server.Mapping("tls");
  if (!tls) return;
  TlsFiles& to = config.server.tls.emplace();
  const size_t faults_before = faults.size();
  tls->Require("certificate_file");
  tls->Require("private_key_file");
  to.certificate_file = ReadPath(*tls, "certificate_file", file, CheckCertificates);
  to.private_key_file = ReadPath(*tls, "private_key_file", file, CheckReadable);
  to.client_ca_file = ReadPath(*tls, "client_ca_file", file, CheckCertificates);
  tls->Finish();
  if (faults.size() == faults_before) CheckTlsBundle(*tls, to);
  if (IsReadableByOthers(to.private_key_file)) {
    config.warnings.push_back({tls->LineOf("private_key_file"), "server.tls.private_key_file",
                               "the file can be read by others than its owner"});
  }
}

void ReadServer(FieldReader& root, const std::string& file, const Faults& faults, Config& config) {
  if (!root.Require("server")) return;
  FieldReader server = *root.Mapping("server");
  ServerConfig& to = config.server;
  ReadTls(server, file, faults, config);
  server.Require("listen");
  if (const auto listen = Address(server, "listen")) {
    to.listen = *listen;
    if (!IsLoopback(listen->host) && !server.Has("tls")) {
      server.Refuse("listen", "without server.tls only a loopback address is accepted");
    }
  }
  to.reflection = server.Flag("reflection").value_or(to.reflection);
  to.max_connection_age =
      server.Time("max_connection_age", absl::Seconds(1), kLongest).value_or(to.max_connection_age);
  to.drain_delay =
      server.Time("drain_delay", absl::ZeroDuration(), kLongest).value_or(to.drain_delay);
  to.drain_grace = server.Time("drain_grace", kShortest, kLongest).value_or(to.drain_grace);
  server.Finish();
}

void ReadAdmin(FieldReader& root, Config& config) {
  std::optional<FieldReader> admin = root.Mapping("admin");
  if (!admin) return;
  AdminConfig& to = config.admin.emplace();
  to.listen = Address(*admin, "listen").value_or(to.listen);
  to.status_page = admin->Flag("status_page").value_or(IsLoopback(to.listen.host));
  if (to.listen.port != 0 && to.listen == config.server.listen) {
    admin->Refuse("listen", "must not be the address of server.listen");
  }
  admin->Finish();
}

void ReadSessions(FieldReader& root, Config& config) {
  std::optional<FieldReader> sessions = root.Mapping("sessions");
  if (!sessions) return;
  SessionPolicy& to = config.sessions;
  to.refresh_at = sessions->Decimal("refresh_at", 0.05, 0.95);
  to.refresh_concurrency =
      static_cast<int>(sessions->WholeNumber("refresh_concurrency", 1, 1'000'000)
                           .value_or(static_cast<uint64_t>(to.refresh_concurrency)));
  to.upstream_concurrency =
      static_cast<int>(sessions->WholeNumber("upstream_concurrency", 1, 1'000'000)
                           .value_or(static_cast<uint64_t>(to.upstream_concurrency)));
  to.max_sessions = static_cast<size_t>(
      sessions->WholeNumber("max_sessions", 1, std::numeric_limits<int32_t>::max())
          .value_or(to.max_sessions));
  to.idle_timeout =
      sessions->Time("idle_timeout", absl::Seconds(1), kLongest).value_or(to.idle_timeout);
  sessions->Finish();
}

void ReadLimits(FieldReader& root, Config& config) {
  std::optional<FieldReader> limits = root.Mapping("limits");
  if (!limits) return;
  const auto read = [&](absl::string_view name) -> std::optional<int> {
    const auto limit = limits->WholeNumber(name, 1, std::numeric_limits<int32_t>::max());
    if (!limit) return std::nullopt;
    return static_cast<int>(*limit);
  };
  ConnectionLimits& connections = config.connection_limits;
  connections.connections = read("connections");
  connections.connections_per_peer = read("connections_per_peer");
  CallerLimits& caller = config.caller_limits;
  caller.in_flight_per_caller = read("in_flight_per_caller");
  caller.upstream_calls_per_caller_per_second = read("upstream_calls_per_caller_per_second");
  limits->Finish();
}

void ReadAudit(FieldReader& root, const std::string& file, Config& config) {
  std::optional<FieldReader> audit = root.Mapping("audit");
  if (!audit) return;
  AuditOptions& to = config.audit.emplace();
  if (audit->is_mapping() && audit->Has("file") == audit->Has("stdout")) {
    audit->Refuse("must have exactly one of file and stdout");
  }
  to.file = ReadPath(*audit, "file", file, CheckAppendable);
  if (auto standard_output = audit->Mapping("stdout")) {
    to.to_stdout = true;
    standard_output->Finish();
  }
  audit->Finish();
}

// What lets nobody in, although it is good.
void WarnOfCallers(FieldReader& root, Config& config) {
  if (!config.server.tls.has_value()) return;
  if (config.server.tls->client_ca_file.empty() && !config.kubernetes.has_value()) {
    config.warnings.push_back({root.LineOf("server"), "server.tls",
                               "identifies no caller without client_ca_file or "
                               "callers.kubernetes: every call will be refused"});
  }
  const auto& operators = config.operators;
  if (operators &&
      std::find(operators->begin(), operators->end(), kLocalPrincipal) != operators->end()) {
    config.warnings.push_back(
        {root.LineOf("operators"), "operators", "with server.tls no caller is `local`"});
  }
}

// As far as it can be read.
Config Read(absl::string_view text, const std::string& file, Faults& faults) {
  Config config;
  const std::optional<YamlNode> document = LoadYaml(text, faults);
  if (document) {
    FieldReader root(*document, "", document->line, faults);
    ReadServer(root, file, faults, config);
    ReadAdmin(root, config);
    ReadCallers(root, file, config);
    ReadTenants(root, file, config);
    ReadOperators(root, config);
    ReadSessions(root, config);
    ReadLimits(root, config);
    ReadAudit(root, file, config);
    ReadStore(root);
    WarnOfCallers(root, config);
    root.Finish();
  }
  return config;
}

}  // namespace

std::variant<Config, Faults> ReadConfig(absl::string_view text, const std::string& file) {
  Faults faults;
  Config config = Read(text, file, faults);
  if (faults.empty()) return config;
  SortByLine(faults);
  return faults;
}

std::variant<Config, Faults> LoadConfig(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadWholeFile(file, kLargestFile);
  if (!text.ok()) return Faults{{0, "", std::string(text.status().message())}};
  Faults faults;
  Config config = Read(*text, file, faults);
  if (faults.empty()) return config;
  const SecretFaults secrets = CheckSecrets(config);
  faults.insert(faults.end(), secrets.faults.begin(), secrets.faults.end());
  faults.insert(faults.end(), secrets.warnings.begin(), secrets.warnings.end());
  SortByLine(faults);
  return faults;
}

absl::Status CheckSecret(const SecretFile& secret) {
  return secret.kind == SecretFile::Kind::kScramKeys ? CheckScramKeysFile(secret.file)
                                                     : CheckSecretFile(secret.file);
}

SecretFaults CheckSecrets(const Config& config) {
  SecretFaults found;
  found.warnings = config.warnings;
  for (const SecretFile& secret : config.secret_files) {
    const absl::Status status = CheckSecret(secret);
    if (!status.ok()) {
      found.faults.push_back({secret.line, secret.field, std::string(status.message())});
    } else if (IsReadableByOthers(secret.file)) {
      found.warnings.push_back(
          {secret.line, secret.field, "the file can be read by others than its owner"});
    }
  }
  return found;
}

}  // namespace credbroker
