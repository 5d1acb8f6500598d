#ifndef CREDBROKER_TESTS_SANDBOX_CONTROL_H_
#define CREDBROKER_TESTS_SANDBOX_CONTROL_H_

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

#include "tests/sandbox/faults.h"
#include "tests/sandbox/routes.h"
#include "tests/sandbox/state.h"
#include "tests/sandbox/stats.h"

namespace credbroker::sandbox {

// The control endpoint under /_sandbox. Thread-safe; the referenced objects outlive it.
class Control {
 public:
  Control(State& state, Faults& faults, Stats& stats, LiveSettings& settings);

  // Answers a request to any path.
  void Handle(const httplib::Request& request, httplib::Response& response);

 private:
  // NOT_FOUND: no such call; UNAUTHENTICATED: see whoami; INVALID_ARGUMENT: all else.
  absl::StatusOr<nlohmann::json> Answer(const httplib::Request& request);
  absl::StatusOr<nlohmann::json> Put(const httplib::Request& request);
  absl::StatusOr<nlohmann::json> PutAccounts(const nlohmann::json& body);
  absl::StatusOr<nlohmann::json> PutSettings(const nlohmann::json& body);
  absl::StatusOr<nlohmann::json> Revoke(const httplib::Request& request);
  absl::StatusOr<nlohmann::json> WhoAmI(const httplib::Request& request) const;
  nlohmann::json GetStats() const;

  State& state_;
  Faults& faults_;
  Stats& stats_;
  LiveSettings& settings_;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_CONTROL_H_
