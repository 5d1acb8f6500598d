#ifndef CREDBROKER_TESTS_SIMULATION_REQUEST_H_
#define CREDBROKER_TESTS_SIMULATION_REQUEST_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "service/base/clock.h"
#include "service/upstream/upstream.h"
#include "tests/simulation/schedule.h"

namespace credbroker::simulation {

// `kCheck` is HasCredentialChanged: not a request to upstream, but also something that takes time.
enum class RequestKind { kLogin, kRefresh, kLogout, kCheck };
inline constexpr size_t kRequestKinds = 4;
absl::string_view NameOf(RequestKind kind);

// A request on its way, or its answer.
struct Request {
  int id = 0;
  RequestKind kind = RequestKind::kLogin;
  size_t account = 0;
  Fault fault = Fault::kNone;
  // Login: what is presented, and the device's name.
  std::string password;
  std::string device;
  // Refresh and Logout: whose session is meant. After a good Login: which one was made.
  int session = -1;
  // Logout: the token that is presented. After a good Login or Refresh: the one that was issued.
  int token = -1;

  Instant sent;
  absl::Time sent_wall;
  // When it takes effect, and when the broker hears of it.
  Instant effective;
  Instant arrival;
  bool took_effect = false;

  absl::Status status;
  bool changed = false;

  Upstream::LoginDone login_done;
  Upstream::RefreshDone refresh_done;
  Upstream::LogoutDone logout_done;
  Upstream::CredentialDone check_done;
};

}  // namespace credbroker::simulation

#endif  // CREDBROKER_TESTS_SIMULATION_REQUEST_H_
