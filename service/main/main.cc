// credbrokerd: see README.md.

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <variant>

#include "absl/synchronization/notification.h"

#include "service/base/log.h"
#include "service/base/version.h"
#include "service/main/broker.h"
#include "service/main/command_line.h"
#include "service/main/config_reader.h"
#include "service/main/process.h"
#include "service/upstream/curl_status.h"

namespace credbroker {
namespace {

constexpr int kBadConfiguration = 2;

void Print(const Faults& faults, const std::string& file) {
  std::fputs(DescribeAll(faults, file).c_str(), stderr);
}

// Secrets that cannot be read end a check; the service starts without their accounts.
int Check(const Config& config, const std::string& file) {
  const SecretFaults secrets = CheckSecrets(config);
  Print(secrets.warnings, file);
  Print(secrets.faults, file);
  return secrets.faults.empty() ? EXIT_SUCCESS : kBadConfiguration;
}

void WarnOfSecrets(const Config& config, const std::string& file) {
  const SecretFaults secrets = CheckSecrets(config);
  for (const Fault& fault : secrets.faults) {
    Log(LogLevel::kError, "account_disabled", {{"fault", Describe(fault, file)}});
  }
  for (const Fault& fault : secrets.warnings) {
    Log(LogLevel::kWarning, "secret_readable_by_others", {{"fault", Describe(fault, file)}});
  }
}

int Serve(const Config& config, const std::string& file) {
  WarnOfSecrets(config, file);
  if (!config.audit.has_value()) {
    Log(LogLevel::kWarning, "audit_off", {{"hint", "nothing records who is handed which token"}});
  }
  auto broker = Broker::Start(file, config, std::getenv("KUBERNETES_SERVICE_HOST") != nullptr);
  if (!broker.ok()) {
    std::fprintf(stderr, "credbrokerd: %s\n", std::string(broker.status().message()).c_str());
    return EXIT_FAILURE;
  }
  absl::Notification stop;
  {
    SignalWaiter signals([&stop, &broker](int signal) {
      if (signal == SIGHUP) {
        (*broker)->OnHangup();
      } else if (!stop.HasBeenNotified()) {
        stop.Notify();
      }
    });
    for (const std::string& address : (*broker)->addresses()) {
      std::printf("listening on %s\n", address.c_str());
    }
    std::fflush(stdout);
    Log(LogLevel::kInfo, "started", {{"version", kVersion}});
    stop.WaitForNotification();
    (*broker)->Drain();
  }
  broker->reset();
  Log(LogLevel::kInfo, "stopped");
  return EXIT_SUCCESS;
}

int Main(int argc, char** argv) {
  const auto parsed = ParseCommandLine(argc, argv);
  if (const auto* done = std::get_if<CommandLineExit>(&parsed)) {
    std::fputs(done->text.c_str(), done->code == 0 ? stdout : stderr);
    return done->code;
  }
  if (const absl::Status hardened = HardenProcess(); !hardened.ok()) {
    Log(LogLevel::kWarning, "hardening_incomplete", {{"why", std::string(hardened.message())}});
  }
  InitializeCurl();
  const auto& command = std::get<CommandLine>(parsed);
  const auto loaded = LoadConfig(command.config_file);
  if (const auto* faults = std::get_if<Faults>(&loaded)) {
    Print(*faults, command.config_file);
    return kBadConfiguration;
  }
  const auto& config = std::get<Config>(loaded);
  return command.check ? Check(config, command.config_file) : Serve(config, command.config_file);
}

}  // namespace
}  // namespace credbroker

int main(int argc, char** argv) { return credbroker::Main(argc, argv); }
