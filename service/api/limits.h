#ifndef CREDBROKER_SERVICE_API_LIMITS_H_
#define CREDBROKER_SERVICE_API_LIMITS_H_

#include <optional>

namespace credbroker {

// How much of the service there is for one caller. All are positive; absent: no such limit.
struct CallerLimits {
  // Calls that have not ended, streams among them.
  std::optional<int> in_flight_per_caller;
  // Exchanges with upstream that a caller may start, over 10 s.
  std::optional<int> upstream_calls_per_caller_per_second;

  friend bool operator==(const CallerLimits&, const CallerLimits&) = default;
};

// How many connections there may be at a time, as above.
struct ConnectionLimits {
  std::optional<int> connections;
  // From one address.
  std::optional<int> connections_per_peer;

  friend bool operator==(const ConnectionLimits&, const ConnectionLimits&) = default;
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_API_LIMITS_H_
