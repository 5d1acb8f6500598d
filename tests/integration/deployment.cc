#include "tests/integration/deployment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using Json = nlohmann::json;

std::vector<std::string> SandboxArguments(const DeploymentOptions& options) {
  std::vector<std::string> arguments = {
      "--account", absl::StrCat(kEmail, ":", kPassword),
      "--account", absl::StrCat(kSecondEmail, ":", kSecondPassword),
      "--account", absl::StrCat(kCallerEmail, ":", kCallerPassword)};
  if (!options.certificate.empty()) {
    arguments.insert(arguments.end(), {"--certificate", options.certificate, "--key", options.key});
  }
  arguments.insert(arguments.end(), options.sandbox.begin(), options.sandbox.end());
  return arguments;
}

std::vector<std::string> Joined(const std::string& first, std::vector<std::string> others) {
  others.insert(others.begin(), first);
  return others;
}

}  // namespace

Folder::Folder() {
  std::string name = testing::TempDir() + "/credbroker-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::Write(const std::string& name, const std::string& content) const {
  const std::string file = Path(name);
  const std::string fresh = file + ".new";
  std::ofstream(fresh, std::ios::binary) << content;
  EXPECT_EQ(chmod(fresh.c_str(), 0600), 0);
  EXPECT_EQ(std::rename(fresh.c_str(), file.c_str()), 0);
  return file;
}

Sandbox::Sandbox(std::vector<std::string> arguments, bool tls)
    : tls_(tls),
      program_({.argv = Joined(CREDBROKER_SANDBOX, std::move(arguments))}),
      address_(program_.WaitForLine("listening on ")) {}

void Sandbox::Stop() {
  program_.Signal(SIGTERM);
  EXPECT_EQ(program_.WaitForExit().code, 0);
}

std::unique_ptr<httplib::Client> Sandbox::Client() const {
  auto client = std::make_unique<httplib::Client>((tls_ ? "https://" : "http://") + address_);
  client->enable_server_certificate_verification(false);
  client->set_read_timeout(30);
  return client;
}

Json Sandbox::Ask(const std::string& method, const std::string& call, const Json& body) const {
  httplib::Request request;
  request.method = method;
  request.path = "/_sandbox/" + call;
  if (method != "GET") request.body = body.dump();
  request.set_header("Content-Type", "application/json");
  const auto answer = Client()->send(request);
  if (!answer || answer->status != 200) {
    ADD_FAILURE() << method << " " << call << ": " << (answer ? answer->body : "no answer");
    return {};
  }
  return Json::parse(answer->body, nullptr, false);
}

bool Sandbox::Accepts(const std::string& token) const {
  const auto answer = Client()->Get("/_sandbox/whoami", {{"Session", token}});
  EXPECT_TRUE(answer);
  return answer && answer->status == 200;
}

Deployment::Deployment(DeploymentOptions options) : options_(std::move(options)) {
  upstream_ = std::make_unique<Sandbox>(SandboxArguments(options_), !options_.certificate.empty());
  folder_.Write("demo", kPassword);
  folder_.Write("second", absl::StrCat(kSecondPassword, "\n"));
  WriteConfig();
  StartBroker();
}

Deployment::~Deployment() {
  const std::string output = BrokerOutput();
  for (const char* complaint : {"Sanitizer", "runtime error: "}) {
    EXPECT_FALSE(absl::StrContains(output, complaint)) << output;
  }
}

void Deployment::WriteConfig() const {
  const bool tls = !options_.certificate.empty();
  folder_.Write("credbrokerd.yaml",
                absl::StrCat("server:\n  listen: 127.0.0.1:0\n", options_.server,
                             "admin: {listen: 127.0.0.1:0}\ntenants:\n- name: demo\n  base_url: ",
                             tls ? "https://" : "http://", upstream_->address(), "/api\n",
                             tls ? absl::StrCat("  ca_file: ", options_.certificate, "\n") : "",
                             options_.tenant, "  accounts:\n", "  - {name: demo, email: ", kEmail,
                             ", password_file: demo}\n", "  - {name: second, email: ", kSecondEmail,
                             ", password_file: second}\n", options_.more));
}

void Deployment::StartBroker() {
  broker_ = std::make_unique<Program>(
      Program::Options{.argv = {CREDBROKER_DAEMON, "--config", config_file()},
                       .environment = options_.environment,
                       .working_directory = folder_.path(),
                       .core_files_allowed = true});
  address_ = broker_->WaitForLine("listening on ", 1);
  admin_address_ = broker_->WaitForLine("listening on ", 2);
}

void Deployment::RestartBroker() {
  broker_->Signal(SIGTERM);
  EXPECT_EQ(broker_->WaitForExit().code, 0) << broker_->err();
  former_output_ = BrokerOutput();
  StartBroker();
}

std::string Deployment::BrokerOutput() const {
  return absl::StrCat(former_output_, broker_->out(), broker_->err());
}

Caller Deployment::NewCaller() const {
  Caller caller(address_);
  caller.channel()->WaitForConnected(std::chrono::system_clock::now() +
                                     absl::ToChronoSeconds(kPatience));
  return caller;
}

Program::Options Deployment::CredbrokerOptions(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), options_.credbroker.begin(), options_.credbroker.end());
  arguments.insert(arguments.end(), {"--address", address_});
  return {.argv = Joined(CREDBROKER_PROGRAM, std::move(arguments))};
}

Outcome Deployment::Credbroker(std::vector<std::string> arguments,
                               const std::string& standard_input,
                               std::vector<std::string> environment) const {
  Program::Options options = CredbrokerOptions(std::move(arguments));
  options.standard_input = standard_input;
  options.environment = std::move(environment);
  return RunProgram(options);
}

std::unique_ptr<Program> Deployment::StartCredbroker(std::vector<std::string> arguments) const {
  return std::make_unique<Program>(CredbrokerOptions(std::move(arguments)));
}

Deployment::Page Deployment::Get(const std::string& path) const {
  httplib::Client client("http://" + admin_address_);
  client.set_read_timeout(30);
  const auto answer = client.Get(path);
  return answer ? Page{answer->status, answer->body} : Page{};
}

}  // namespace credbroker
