#ifndef CREDBROKER_SERVICE_MODEL_CALLER_H_
#define CREDBROKER_SERVICE_MODEL_CALLER_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace credbroker {

// Who asks. Empty `principals`: nobody that the broker knows.
struct Caller {
  // Written as the configuration writes them, e.g. "local" or "spiffe://cluster.local/ns/a/sa/b".
  // More than one if the call proves more than one.
  std::vector<std::string> principals;
  // The network address, for logs.
  std::string peer;
  // When the first of the things that identified it ends; from then on it is nobody.
  absl::Time expires = absl::InfiniteFuture();
};

}  // namespace credbroker

#endif  // CREDBROKER_SERVICE_MODEL_CALLER_H_
