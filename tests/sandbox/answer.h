#ifndef CREDBROKER_TESTS_SANDBOX_ANSWER_H_
#define CREDBROKER_TESTS_SANDBOX_ANSWER_H_

#include <httplib.h>

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"

#include "tests/sandbox/connection.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/settings.h"

namespace credbroker::sandbox {

// What a call is answered: made right, then spoiled, then rendered, then sent.
struct Answer {
  int status = 200;
  nlohmann::json fields;
  // The JWT, which goes into a header.
  std::string token;
};

Answer ErrorAnswer(int status, absl::string_view text);

// How the bytes travel.
enum class Travel { kWhole, kWithheld, kReset, kCut, kDrip, kChunked, kEndless, kCloseAfter };

struct Rendered {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Travel travel = Travel::kWhole;
  absl::Duration drip;

  // Whether the peer can see a whole answer.
  bool Arrives() const;
};

// Applies the members of the fault that change fields of a good answer of `auth` or `login`.
// client_nonce: that of the request to `auth`.
void SpoilFields(const Fault& fault, absl::string_view client_nonce, Answer& answer);

// Headers and body, with what the fault does to them.
Rendered Render(const Answer& answer, const Fault& fault, const Settings& settings);

// Sends it, over cpp-httplib where the travel is ordinary, else by hand. What may take long ends
// when `stop` is notified.
void Send(const Rendered& rendered, httplib::Response& response, Connection& connection,
          const absl::Notification& stop);

}  // namespace credbroker::sandbox

#endif  // CREDBROKER_TESTS_SANDBOX_ANSWER_H_
