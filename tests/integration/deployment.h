#ifndef CREDBROKER_TESTS_INTEGRATION_DEPLOYMENT_H_
#define CREDBROKER_TESTS_INTEGRATION_DEPLOYMENT_H_

#include <httplib.h>

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/integration/caller.h"
#include "tests/integration/program.h"

namespace credbroker {

// The accounts that every sandbox knows. The first two are configured, as `demo` and `second` of
// the tenant `demo`; the third is for callers' own passwords.
inline constexpr char kEmail[] = "demo.canary@sandbox.example";
inline constexpr char kPassword[] = "Canary=Password,of demo 4f81c2";
inline constexpr char kSecondEmail[] = "second.canary@sandbox.example";
inline constexpr char kSecondPassword[] = "Canary-Password-of-second-90d7e3";
inline constexpr char kCallerEmail[] = "caller.canary@sandbox.example";
inline constexpr char kCallerPassword[] = "Canary-Password-of-caller-b16a55";

// A directory that ends with the test, with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // For its owner only; replaced as a whole. Returns its path.
  std::string Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

// The program sandbox-upstream, on a free port; see tests/sandbox/README.md. Thread-safe.
class Sandbox {
 public:
  using Json = nlohmann::json;

  explicit Sandbox(std::vector<std::string> arguments, bool tls = false);

  std::string address() const { return address_; }
  // Ends it: the next connection is refused.
  void Stop();

  void Arm(const Json& faults) const { Ask("PUT", "faults", faults); }
  void Disarm() const { Ask("DELETE", "faults"); }
  void Change(const Json& accounts) const { Ask("PUT", "accounts", accounts); }
  void Set(const Json& settings) const { Ask("PUT", "settings", settings); }
  void Revoke(const Json& what) const { Ask("POST", "revoke", what); }
  Json Stats() const { return Ask("GET", "stats"); }
  Json Secrets() const { return Ask("GET", "secrets"); }

  // How often a call ("auth", "login", "session", "logout") has come.
  int Calls(const std::string& call) const { return Stats()["calls"][call]["total"]; }
  // Whether a resource of the real upstream would take the token.
  bool Accepts(const std::string& token) const;

 private:
  Json Ask(const std::string& method, const std::string& call, const Json& body = {}) const;
  std::unique_ptr<httplib::Client> Client() const;

  const bool tls_;
  Program program_;
  const std::string address_;
};

// What differs between deployments. Lines of YAML end with a newline. Each member may be left out.
struct DeploymentOptions {
  // More arguments of sandbox-upstream.
  std::vector<std::string> sandbox = {};
  // Below `server`, indented by 2.
  std::string server = {};
  // Of the tenant `demo`, indented by 2.
  std::string tenant = {};
  // At the top.
  std::string more = {};
  // NAME=VALUE, of the broker.
  std::vector<std::string> environment = {};
  // How the program credbroker reaches the broker.
  std::vector<std::string> credbroker = {"--plaintext"};
  // PEM files with which the sandbox speaks TLS, and which the broker trusts.
  std::string certificate = {};
  std::string key = {};
};

// A sandbox, and the program credbrokerd as its client.
class Deployment {
 public:
  explicit Deployment(DeploymentOptions options = {});
  // Fails the test if a sanitizer has complained in a broker.
  ~Deployment();

  const Sandbox& upstream() const { return *upstream_; }
  Sandbox& upstream() { return *upstream_; }
  Program& broker() { return *broker_; }
  const Folder& folder() const { return folder_; }
  const std::string& address() const { return address_; }
  std::string config_file() const { return folder_.Path("credbrokerd.yaml"); }

  // Ends the broker with SIGTERM, and starts another with the same configuration (and another
  // address).
  void RestartBroker();
  // All that it and those before it have written, to stdout and stderr.
  std::string BrokerOutput() const;

  // On a connection of its own, which is there already: when many connect at once, gRPC 1.51's
  // client now and then takes one that is under way for a failed one (it looks at errno too late).
  Caller NewCaller() const;

  // Runs the program credbroker against the broker; see `credbroker --help`.
  Outcome Credbroker(std::vector<std::string> arguments, const std::string& standard_input = "",
                     std::vector<std::string> environment = {}) const;
  // The same, not waited for.
  std::unique_ptr<Program> StartCredbroker(std::vector<std::string> arguments) const;

  // A page of the admin address. The status is 0 if there was no answer.
  struct Page {
    int status = 0;
    std::string body;
  };
  Page Get(const std::string& path) const;

 private:
  void WriteConfig() const;
  void StartBroker();
  Program::Options CredbrokerOptions(std::vector<std::string> arguments) const;

  const DeploymentOptions options_;
  const Folder folder_;
  std::unique_ptr<Sandbox> upstream_;
  std::unique_ptr<Program> broker_;
  std::string former_output_;
  std::string address_;
  std::string admin_address_;
};

}  // namespace credbroker

#endif  // CREDBROKER_TESTS_INTEGRATION_DEPLOYMENT_H_
