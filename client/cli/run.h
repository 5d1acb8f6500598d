#ifndef CREDBROKER_CLIENT_CLI_RUN_H_
#define CREDBROKER_CLIENT_CLI_RUN_H_

#include <istream>
#include <ostream>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace credbroker {

// Runs the command line `argv` from parsing to exit code:
//
//   0  done
//   1  the broker refused or failed, or `out` cannot be written; one line on `err` says which
//   2  usage, a file that cannot be read included; nothing was asked of the broker
//
// The result goes to `out` and nothing else does. `in` is read only for `--password-stdin`. `now`
// tells the remaining lifetimes that are shown. Blocks; call it once per process or from one thread
// at a time per stream.
int RunCredbroker(int argc, const char* const* argv, std::istream& in, std::ostream& out,
                  std::ostream& err, absl::Time (*now)() = absl::Now);

}  // namespace credbroker

#endif  // CREDBROKER_CLIENT_CLI_RUN_H_
