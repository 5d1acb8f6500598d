#ifndef CREDBROKER_TESTS_SANDBOX_SETTINGS_H_
#define CREDBROKER_TESTS_SANDBOX_SETTINGS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace credbroker::sandbox {

// What PUT /_sandbox/settings may change while the sandbox runs; README.md explains each.
struct Settings {
  std::string session_header = "Session";
  bool bearer = false;
  absl::Duration token_lifetime = absl::Minutes(5);
  absl::Duration challenge_lifetime = absl::Minutes(1);
  absl::Duration latency;
  absl::Duration keep_alive = absl::Seconds(30);
  std::optional<std::string> sendbird_session_token;
  std::optional<std::string> redirect_project_id;
};

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_SETTINGS_H_
