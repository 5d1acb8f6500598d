// sandbox-upstream: a stand-in for the upstream session API. See README.md.

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "tests/sandbox/upstream.h"

namespace credbroker::sandbox {
namespace {

constexpr int kUsage = 2;

// What the command line says, before it is understood.
struct Arguments {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> accounts, account_files;
  std::string mechanism = "SCRAM-SHA-1";
  unsigned iterations = 4096;
  int lock_after = 0;
  std::string token_lifetime = "5m", challenge_lifetime = "1m", latency = "0s", keep_alive = "30s";
  std::string session_header = "Session";
  std::string certificate, key;
};

void Declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen, "HOST:PORT; port 0 takes a free one")
      ->capture_default_str();
  app.add_option("--account", arguments.accounts, "EMAIL:PASSWORD; repeatable")
      ->allow_extra_args(false);
  app.add_option("--account-file", arguments.account_files,
                 "EMAIL:PATH, the file holds the password; repeatable")
      ->allow_extra_args(false);
  app.add_option("--mechanism", arguments.mechanism, "SCRAM-SHA-1, SCRAM-SHA-256, SCRAM-SHA-512")
      ->capture_default_str();
  app.add_option("--iterations", arguments.iterations, "PBKDF2 iterations")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--lock-after", arguments.lock_after,
                 "wrong proofs that lock an account; 0: never")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--token-lifetime", arguments.token_lifetime, "of a JWT")->capture_default_str();
  app.add_option("--challenge-lifetime", arguments.challenge_lifetime, "of a challenge")
      ->capture_default_str();
  app.add_option("--latency", arguments.latency, "added to every call")->capture_default_str();
  app.add_option("--keep-alive", arguments.keep_alive, "of idle connections")
      ->capture_default_str();
  app.add_option("--session-header", arguments.session_header, "header of the JWT")
      ->capture_default_str();
  auto* certificate = app.add_option("--certificate", arguments.certificate, "PEM file: speak TLS");
  auto* key = app.add_option("--key", arguments.key, "PEM file")->needs(certificate);
  certificate->needs(key);
}

absl::Status ParseListen(absl::string_view listen, UpstreamOptions& options) {
  const size_t colon = listen.rfind(':');
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(listen.substr(colon + 1), &options.port) || options.port < 0 ||
      options.port > 65535) {
    return absl::InvalidArgumentError("--listen: HOST:PORT is wanted");
  }
  absl::string_view host = listen.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  options.host = std::string(host);
  return absl::OkStatus();
}

absl::Status ParseDuration(const std::string& text, absl::string_view option, absl::Duration& out) {
  if (!absl::ParseDuration(text, &out) || out < absl::ZeroDuration() ||
      out == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": a duration such as 5m is wanted"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<std::string, std::string>> Split(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string::npos) {
    // The text may hold a password.
    return absl::InvalidArgumentError("an account is written EMAIL:PASSWORD or EMAIL:PATH");
  }
  return std::pair(text.substr(0, colon), text.substr(colon + 1));
}

absl::StatusOr<std::string> ReadPassword(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read"));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (absl::EndsWith(text, "\n")) text.pop_back();
  return text;
}

absl::Status ParseAccounts(const Arguments& arguments, UpstreamOptions& options) {
  for (const std::string& text : arguments.accounts) {
    auto account = Split(text);
    if (!account.ok()) return account.status();
    options.accounts.push_back(*std::move(account));
  }
  for (const std::string& text : arguments.account_files) {
    auto account = Split(text);
    if (!account.ok()) return account.status();
    auto password = ReadPassword(account->second);
    if (!password.ok()) return password.status();
    options.accounts.emplace_back(account->first, *std::move(password));
  }
  return absl::OkStatus();
}

absl::StatusOr<UpstreamOptions> Understand(const Arguments& arguments) {
  UpstreamOptions options;
  options.iterations = arguments.iterations;
  options.lock_after = arguments.lock_after;
  options.certificate = arguments.certificate;
  options.key = arguments.key;
  options.settings.session_header = arguments.session_header;
  const auto mechanism = MechanismFromName(arguments.mechanism);
  if (!mechanism) return absl::InvalidArgumentError("--mechanism: no such mechanism");
  options.mechanism = *mechanism;
  Settings& settings = options.settings;
  for (const absl::Status& status :
       {ParseListen(arguments.listen, options), ParseAccounts(arguments, options),
        ParseDuration(arguments.token_lifetime, "--token-lifetime", settings.token_lifetime),
        ParseDuration(arguments.challenge_lifetime, "--challenge-lifetime",
                      settings.challenge_lifetime),
        ParseDuration(arguments.latency, "--latency", settings.latency),
        ParseDuration(arguments.keep_alive, "--keep-alive", settings.keep_alive)}) {
    if (!status.ok()) return status;
  }
  return options;
}

// As many connections as the system allows: a thousand clients at once are ordinary here.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Run(const Arguments& arguments) {
  RaiseDescriptorLimit();
  // Blocked before any thread starts, so that only sigwait takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto options = Understand(arguments);
  const auto upstream = options.ok() ? Upstream::Start(*options)
                                     : absl::StatusOr<std::unique_ptr<Upstream>>(options.status());
  if (!upstream.ok()) {
    std::cerr << "sandbox-upstream: " << upstream.status().message() << std::endl;
    return kUsage;
  }
  const std::string host = arguments.listen.substr(0, arguments.listen.rfind(':'));
  std::cout << "listening on " << host << ":" << (*upstream)->port() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace
}  // namespace credbroker::sandbox

int main(int argc, char** argv) {
  CLI::App app("A stand-in for the upstream session API, for trying the broker and for tests.",
               "sandbox-upstream");
  credbroker::sandbox::Arguments arguments;
  credbroker::sandbox::Declare(app, arguments);
  // CLI11 throws, and exits with codes of its own.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : credbroker::sandbox::kUsage;
  }
  return credbroker::sandbox::Run(arguments);
}
