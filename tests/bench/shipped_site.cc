#include "tests/bench/shipped_site.h"

#include <httplib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

#include "tests/bench/process_stats.h"

namespace credbroker {
namespace {

constexpr char kPassword[] = "pencil";

std::string MakeFolder() {
  char name[] = "/tmp/credbroker-bench-XXXXXX";
  if (mkdtemp(name) == nullptr) std::abort();
  return name;
}

std::string WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  return path;
}

std::string Email(int tenant, int account) {
  return absl::StrCat("a", account, "@t", tenant, ".example");
}

std::string Config(const SiteOptions& options, const std::string& upstream,
                   const std::string& password_file) {
  std::string text = "server: {listen: 127.0.0.1:0}\nadmin: {listen: 127.0.0.1:0}\ntenants:\n";
  for (int t = 0; t < options.tenants; ++t) {
    absl::StrAppend(&text, "- name: t", t, "\n  base_url: http://", upstream,
                    "/api\n  accounts:\n");
    for (int a = 0; a < options.accounts; ++a) {
      absl::StrAppend(&text, "  - {name: a", a, ", email: ", Email(t, a),
                      ", password_file: ", password_file, "}\n");
    }
  }
  return text;
}

// Makes the sandbox derive each account's keys before anything is measured, as a server has them in
// its database; GNU SASL takes milliseconds for one.
void Prepare(const SiteOptions& options, const std::string& upstream) {
  httplib::Client client("http://" + upstream);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  for (int t = 0; t < options.tenants; ++t) {
    for (int a = 0; a < options.accounts; ++a) {
      const nlohmann::json first = {{"email", Email(t, a)}, {"nonce", "preparation"}};
      client.Post("/api/auth/auth", first.dump(), "application/json");
    }
  }
}

}  // namespace

void ShippedSite::StartSandbox(const SiteOptions& options, const std::string& log) {
  std::vector<std::string> command = {CREDBROKER_SANDBOX, "--token-lifetime", "1h"};
  for (int t = 0; t < options.tenants; ++t) {
    for (int a = 0; a < options.accounts; ++a) {
      command.insert(command.end(), {"--account", absl::StrCat(Email(t, a), ":", kPassword)});
    }
  }
  upstream_ = std::make_unique<ChildProcess>(command, log);
  upstream_address_ = upstream_->Expect("listening on ");
  Prepare(options, upstream_address_);
}

ShippedSite::ShippedSite(const SiteOptions& options) : folder_(MakeFolder()) {
  const std::string log = folder_ + "/log";
  if (options.light_upstream) {
    upstream_ = std::make_unique<ChildProcess>(
        RoleCommand("login-upstream", {absl::StrCat(absl::ToInt64Milliseconds(options.latency))}),
        log);
    upstream_address_ = upstream_->Expect("listening on ");
  } else {
    StartSandbox(options, log);
  }
  const std::string password = WriteFile(folder_ + "/password", kPassword);
  const std::string config =
      WriteFile(folder_ + "/config.yaml", Config(options, upstream_address_, password));
  broker_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{CREDBROKER_DAEMON, "--config", config}, log);
  address_ = broker_->Expect("listening on ");
}

ShippedSite::~ShippedSite() {
  broker_.reset();
  upstream_.reset();
  std::filesystem::remove_all(folder_);
}

int ShippedSite::UpstreamCalls(const std::string& call) const {
  httplib::Client client("http://" + upstream_address_);
  const auto answer = client.Get("/_sandbox/stats");
  if (!answer) return -1;
  return nlohmann::json::parse(answer->body)["calls"][call]["total"];
}

ColdStart StartOnce() {
  const std::string folder = MakeFolder();
  const std::string config =
      WriteFile(folder + "/config.yaml",
                Config({}, "127.0.0.1:9", WriteFile(folder + "/password", kPassword)));
  ColdStart start;
  const absl::Duration begin = Monotonic();
  ChildProcess broker({CREDBROKER_DAEMON, "--config", config}, folder + "/log");
  broker.Expect("listening on ");
  start.listening = Monotonic() - begin;
  httplib::Client admin("http://" + broker.Expect("listening on "));
  for (auto answer = admin.Get("/readyz"); !answer || answer->status != 200;) {
    answer = admin.Get("/readyz");
  }
  start.ready = Monotonic() - begin;
  start.resident_bytes = ResidentBytes(broker.pid());
  start.threads = ThreadsOf(broker.pid());
  std::filesystem::remove_all(folder);
  return start;
}

}  // namespace credbroker
