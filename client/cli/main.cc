// The program `credbroker`: see `credbroker --help`.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "grpc/support/log.h"

#include "client/cli/run.h"

int main(int argc, char** argv) {
  // A standard stream that is closed would be the next socket's number, and the token would be
  // written into it. Read-only, so that writing to it fails and is noticed.
  int opened = 0;
  while (opened >= 0 && opened <= 2) opened = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (opened > 2) close(opened);
  // A reader that went away is a failed write, and exit code 1.
  std::signal(SIGPIPE, SIG_IGN);
  // It would write tokens and passwords to stderr.
  unsetenv("GRPC_TRACE");
  // gRPC's own log says again, and less clearly, what the message on stderr says.
  if (std::getenv("GRPC_VERBOSITY") == nullptr) {
    gpr_set_log_function([](gpr_log_func_args*) {});
  }
  return credbroker::RunCredbroker(argc, argv, std::cin, std::cout, std::cerr);
}
